"""The lead graders' pages: who holds what since when, and what was sent to them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import RuleViolation
from apps.exams.gate import exam_for, staff_of
from apps.exams.rules import roles
from apps.grading.admin.pages import console_page
from apps.grading.forms import HandOnForm
from apps.grading.selectors.leading import list_graders, list_holdings, list_referrals
from apps.grading.services import assigning


@require_safe
def held(request: HttpRequest, exam_id: int) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.LEAD)
    page = request.GET.get("page", "1")
    context = {
        "title": "Who holds what",
        "exam": exam,
        "holdings": list_holdings(exam, timezone.now(), page=page),
        "graders": list_graders(exam),
    }
    return console_page(request, "admin/grading/held.html", context)


@require_safe
def referrals(request: HttpRequest, exam_id: int) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.LEAD)
    context = {"title": "Sent to the lead", "exam": exam, "referrals": list_referrals(exam)}
    return console_page(request, "admin/grading/referrals.html", context)


@require_POST
def hand_on(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Give the chosen answers to a grader, or free them; back to where the lead came from."""
    exam = exam_for(request, exam_id, roles.LEAD)
    form = HandOnForm(request.POST)
    back = redirect("admin:grading_held", exam.pk)
    if not form.is_valid():
        for faults in form.errors.values():
            messages.error(request, str(faults[0]))
        return back
    chosen = {"exam_id": exam.pk, "task_ids": form.cleaned_data["task"], "lead": staff_of(request)}
    to = form.cleaned_data["grader"]
    if to is None and "free" not in request.POST:
        messages.error(request, "Choose a grader.")
        return back
    try:
        if "free" in request.POST:
            done = assigning.free_tasks(**chosen, now=timezone.now())
        else:
            done = assigning.assign_tasks(**chosen, grader_id=to, now=timezone.now())
    except RuleViolation as refusal:
        messages.error(request, str(refusal))
        return back
    words = ngettext("%d answer was handed on.", "%d answers were handed on.", done.count) % done.count
    messages.success(request, words)
    if done.left:
        words = "%d stayed: scored, sent to the lead, reopened or read by them before, or theirs already."
        messages.warning(request, words % done.left)
    return back
