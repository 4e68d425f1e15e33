"""The desk: what waits in an exam, and the buttons that hand it out."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.exams.gate import exam_for, staff_of
from apps.exams.models import Exam, Problem
from apps.exams.rules import roles
from apps.grading.admin.pages import console_page
from apps.grading.forms import QueueForm
from apps.grading.selectors.desk import get_desk, list_desks
from apps.grading.selectors.mine import get_last_save
from apps.grading.services import queueing


@require_safe
def desks(request: HttpRequest) -> HttpResponse:
    """The exams in which one may score; straight to the desk if it is only one."""
    if not request.user.has_perm(roles.SCORE):
        raise PermissionDenied
    exams = list_desks(staff_of(request))
    if len(exams) == 1:
        return redirect("admin:grading_desk", exams[0].pk)
    context = {
        "title": "Grading",
        "exams": exams,
        "page": "admin:grading_desk",
        "none_yet": "No exam has you among its graders yet. Ask its organiser.",
    }
    return console_page(request, "admin/grading/exams.html", context)


@require_safe
def desk(request: HttpRequest, exam_id: int) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.SCORE)
    grader = staff_of(request)
    before = QueueForm(request.GET).scored_before
    context = {
        "title": f"Grading: {exam.title}",
        "desk": get_desk(exam, grader, timezone.now()),
        "leads": grader.has_perm(roles.LEAD, exam),
        "saved": None if before is None else get_last_save(before, exam, grader.pk),
    }
    return console_page(request, "admin/grading/desk.html", context)


@require_POST
def grade_next(request: HttpRequest, exam_id: int) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.SCORE)
    return go_on(request, exam, QueueForm(request.POST))


def go_on(request: HttpRequest, exam: Exam, queue: QueueForm, *, after: int | None = None) -> HttpResponse:
    """To the next answer; if the queue is used up, papers closed since it was filled are queued first.

    `after` is the answer that was scored just now: the next page names it and offers to undo it.
    """
    now = timezone.now()
    for _ in range(2):
        task_id = queueing.claim_next_task(exam_id=exam.pk, grader=staff_of(request), now=now, **queue.chosen)
        if task_id is not None:
            page = reverse("admin:grading_score", args=[task_id])
            query = queue.query | ({"after": after} if after else {})
            return redirect(f"{page}?{urlencode(query)}" if query else page)
        if not queueing.create_grading_tasks(exam_id=exam.pk, now=now):
            break
    messages.info(request, nothing_left(exam, queue))
    return to_desk(exam, after=after)


def to_desk(exam: Exam, *, after: int | None = None) -> HttpResponse:
    page = reverse("admin:grading_desk", args=[exam.pk])
    return redirect(f"{page}?{urlencode({'after': after})}" if after else page)


def nothing_left(exam: Exam, queue: QueueForm) -> str:
    problem = Problem.objects.filter(exam=exam, pk=queue.chosen["problem_id"]).first()
    where = f" in problem {problem.number}" if problem else ""
    return f"Nothing is left for you{where}. Thank you."


@require_POST
def create_tasks(request: HttpRequest, exam_id: int) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.SCORE)
    count = queueing.create_grading_tasks(exam_id=exam.pk, now=timezone.now())
    messages.success(
        request,
        ngettext("%d answer was queued.", "%d answers were queued.", count) % count,
    )
    # Asked for from the page of one problem's equal answers: back there.
    problem = Problem.objects.filter(exam=exam, pk=QueueForm(request.POST).chosen["problem_id"]).first()
    if problem is not None:
        return redirect("admin:grading_classes", exam.pk, problem.pk)
    return redirect("admin:grading_desk", exam.pk)
