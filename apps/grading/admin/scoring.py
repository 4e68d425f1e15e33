"""The scoring page: one answer, points, next."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.errors import RuleViolation
from apps.core.markup import render_answer, render_expression
from apps.exams.enums import ProblemKind
from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.exams.rules.points import show_points
from apps.grading.admin.desk import go_on
from apps.grading.admin.rights import console_page, exam_for, staff_of
from apps.grading.enums import TaskStatus
from apps.grading.forms import QueueForm, ScoreForm
from apps.grading.models import GradingTask
from apps.grading.selectors.sheet import Sheet, describe_score, get_sheet
from apps.grading.services import queueing, scoring

# What a refusal means for a browser; everything else is a plain 400.
STATUS_OF = {
    scoring.ScoreConflict: 409,
    scoring.AnswerChanged: 409,
    scoring.NotClaimed: 403,
    queueing.PaperOpen: 403,
    queueing.TaskTaken: 403,
    scoring.ResultsPublished: 403,
}


@require_http_methods(["GET", "HEAD", "POST"])
def score(request: HttpRequest, task_id: int) -> HttpResponse:
    """Show one answer; on POST record its score and go on to the next one."""
    exam = exam_of_task(request, task_id)
    sheet = get_sheet(task_id, timezone.now())
    if request.method != "POST":
        return sheet_page(request, exam, sheet, form_for(sheet))
    form = ScoreForm(request.POST, maximum=sheet.max_points)
    if not form.is_valid():
        return sheet_page(request, exam, sheet, form, status=400)
    try:
        scoring.score_task(
            task_id=task_id,
            grader=staff_of(request),
            now=timezone.now(),
            may_correct=request.user.has_perm(roles.LEAD, exam),
            **form.cleaned_data,
        )
    except RuleViolation as refusal:
        return refused(request, exam, task_id, form, refusal)
    page = reverse("admin:grading_score", args=[task_id])
    points = show_points(form.cleaned_data["points"])
    messages.success(
        request, format_html('{}: {} points. <a href="{}">Look again</a>', sheet.blind_code, points, page)
    )
    if "to_desk" in request.POST:
        return redirect("admin:grading_desk", exam.pk)
    return go_on(request, exam, QueueForm(request.GET))


@require_POST
def claim(request: HttpRequest, task_id: int) -> HttpResponse:
    """Take one answer by name, or keep it longer."""
    exam = exam_of_task(request, task_id)
    try:
        queueing.claim_task(task_id=task_id, grader=staff_of(request), now=timezone.now())
    except RuleViolation as refusal:
        return refused(request, exam, task_id, None, refusal)
    page = reverse("admin:grading_score", args=[task_id])
    return redirect(f"{page}?{request.GET.urlencode()}" if request.GET else page)


@require_POST
def surrender(request: HttpRequest, task_id: int) -> HttpResponse:
    """Give an answer back and go on to the next one."""
    exam = exam_of_task(request, task_id)
    try:
        queueing.surrender_task(task_id=task_id, grader=staff_of(request), now=timezone.now())
    except RuleViolation as refusal:
        return refused(request, exam, task_id, None, refusal)
    messages.info(request, "You gave the answer back; somebody else will read it.")
    queue = QueueForm({**request.GET.dict(), "given_back": ""})
    return go_on(request, exam, queue)


def exam_of_task(request: HttpRequest, task_id: int) -> Exam:
    exam_id = GradingTask.objects.filter(pk=task_id).values_list("exam_id", flat=True).first()
    if exam_id is None:
        raise Http404
    return exam_for(request, exam_id, roles.SCORE)


def form_for(sheet: Sheet) -> ScoreForm:
    """Empty, or with the score that is to be corrected."""
    score = sheet.score
    initial = {
        "points": show_points(score.points) if score and score.points is not None else "",
        "comment": score.comment if score else "",
        "note": score.note if score else "",
        "based_on": sheet.newest_version,
        "answer_revision": sheet.revision,
    }
    return ScoreForm(maximum=sheet.max_points, initial=initial)


def refused(
    request: HttpRequest,
    exam: Exam,
    task_id: int,
    typed: ScoreForm | None,
    refusal: RuleViolation,
) -> HttpResponse:
    """The page again as things stand now, with the reason; nothing that was typed is lost."""
    sheet = get_sheet(task_id, timezone.now())
    status = STATUS_OF.get(type(refusal), 400)
    form = form_for(sheet)
    if typed is not None:
        form.initial.update({name: typed.data.get(name, "") for name in ("points", "comment", "note")})
    if isinstance(refusal, scoring.ScoreConflict):
        current = describe_score(refusal.current) if refusal.current else None
        context = {"yours": refusal.yours, "current": current}
        return sheet_page(
            request, exam, sheet, form, status=status, template="admin/grading/conflict.html", **context
        )
    return sheet_page(request, exam, sheet, form, status=status, refusal=refusal, typed=typed)


def sheet_page(
    request: HttpRequest,
    exam: Exam,
    sheet: Sheet,
    form: ScoreForm,
    *,
    status: int = 200,
    template: str = "admin/grading/score.html",
    **context: Any,
) -> HttpResponse:
    mine = sheet.grader_id == request.user.pk
    may_correct = mine or request.user.has_perm(roles.LEAD, exam)
    now = timezone.now()
    # A lease that ran out is still good as long as nobody else took the answer.
    holds = mine and sheet.status == TaskStatus.CLAIMED
    held_by_other = (
        sheet.status == TaskStatus.CLAIMED
        and not mine
        and sheet.claimed_until is not None
        and sheet.claimed_until >= now
    )
    corrects = sheet.status == TaskStatus.SCORED and may_correct
    render = render_expression if sheet.kind == ProblemKind.EXPRESSION else render_answer
    queue = QueueForm(request.GET)
    page = {
        "title": f"Problem {sheet.number} · {sheet.blind_code}",
        "sheet": sheet,
        "form": form,
        "answer_html": render(sheet.text),
        "may_score": (holds or corrects) and not sheet.paper_open,
        "holds": holds,
        "may_take": not (holds or held_by_other or sheet.paper_open) and sheet.status != TaskStatus.SCORED,
        "held_by_other": held_by_other,
        "queue": queue.chosen,
        "query": request.GET.urlencode(),
        **context,
    }
    return console_page(request, template, page, status=status)
