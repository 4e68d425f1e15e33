"""What a grader does with an answer besides scoring it: take it, give it back, pass it up, undo."""

from collections.abc import Collection, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.core.errors import RuleViolation
from apps.exams.gate import exam_for, staff_of
from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.grading.admin.desk import go_on
from apps.grading.admin.scoring import form_for, refused, sheet_context, task_for
from apps.grading.forms import AheadForm, QueueForm, UndoForm, WordsForm
from apps.grading.models import GradingTask
from apps.grading.selectors.sheet import describe_task, read_tasks
from apps.grading.services import claiming_ahead, queueing, referring, undoing


class TooLong(RuleViolation):
    message = "At most 1000 characters, please."
    code = "too_long"
    status = 400


@require_POST
def claim(request: HttpRequest, task_id: int) -> HttpResponse:
    """Take one answer by name, or keep it longer."""
    task = task_for(request, task_id)
    try:
        queueing.claim_task(task_id=task_id, grader=staff_of(request), now=timezone.now())
    except RuleViolation as refusal:
        return refused(request, task.exam, task_id, None, refusal)
    return redirect(page_of(task_id, QueueForm(request.GET)))


@require_POST
def surrender(request: HttpRequest, task_id: int) -> HttpResponse:
    """Give an answer back and go on to the next one."""
    task = task_for(request, task_id)
    try:
        queueing.surrender_task(task_id=task_id, grader=staff_of(request), now=timezone.now())
    except RuleViolation as refusal:
        return refused(request, task.exam, task_id, None, refusal)
    messages.info(request, "You gave the answer back; somebody else will read it.")
    return go_on(request, task.exam, QueueForm({**request.GET.dict(), "given_back": ""}))


@require_POST
def refer(request: HttpRequest, task_id: int) -> HttpResponse:
    """Send an answer to the lead and go on to the next one."""
    task = task_for(request, task_id)
    words = request.POST.get("words", "")
    form = WordsForm(request.POST)
    if not form.is_valid():
        return too_long(request, task, words)
    try:
        referring.refer_task(
            task_id=task_id, grader=staff_of(request), note=form.cleaned_data["words"], now=timezone.now()
        )
    except RuleViolation as refusal:
        return refused(request, task.exam, task_id, None, refusal, words=words)
    messages.info(request, f"You sent {task.answer.submission.blind_code} to the lead.")
    return go_on(request, task.exam, QueueForm(request.GET))


@require_POST
def send_back(request: HttpRequest, task_id: int) -> HttpResponse:
    """The lead's word: the answer goes back to the grader who sent it."""
    task = task_for(request, task_id)
    exam_for(request, task.exam_id, roles.LEAD)
    words = request.POST.get("words", "")
    form = WordsForm(request.POST)
    if not form.is_valid():
        return too_long(request, task, words)
    try:
        referral = referring.send_back(
            task_id=task_id, lead=staff_of(request), reply=form.cleaned_data["words"], now=timezone.now()
        )
    except RuleViolation as refusal:
        return refused(request, task.exam, task_id, None, refusal, words=words)
    messages.success(request, f"{task.answer.submission.blind_code} is with {referral.grader} again.")
    return redirect("admin:grading_referrals", task.exam_id)


def too_long(request: HttpRequest, task: GradingTask, words: str) -> HttpResponse:
    return refused(request, task.exam, task.pk, None, TooLong(), words=words)


@require_POST
def undo(request: HttpRequest, task_id: int) -> HttpResponse:
    """Take the newest score back; to the answer, for whoever undoes wants to score it again."""
    task = task_for(request, task_id)
    form = UndoForm(request.POST)
    based_on = form.cleaned_data["based_on"] if form.is_valid() else 0
    try:
        made = undoing.undo_score(
            task_id=task_id,
            grader=staff_of(request),
            based_on=based_on,
            now=timezone.now(),
            may_correct=request.user.has_perm(roles.LEAD, task.exam),
        )
    except RuleViolation as refusal:
        return refused(request, task.exam, task_id, None, refusal)
    words = "The score is taken back." if made.points is None else "The score before counts again."
    messages.info(request, words)
    return redirect(page_of(task_id, QueueForm(request.GET)))


@require_POST
def ahead(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Claim the next answers for the page that asks, and send those it does not have yet."""
    exam = exam_for(request, exam_id, roles.SCORE)
    form = AheadForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"refusal": "invalid"}, status=400)
    now = timezone.now()
    claimed = claiming_ahead.claim_ahead(
        exam_id=exam.pk,
        grader=staff_of(request),
        shown=form.cleaned_data["shown"],
        now=now,
        **QueueForm(request.GET).chosen,
    )
    until = claimed.shown_until
    lines = {
        "shown_seconds": int((until - now).total_seconds()) if until else None,
        "promised_seconds": int(claiming_ahead.PROMISED.total_seconds()),
        "ahead": sheets_of(request, exam, claimed.task_ids, without=form.cleaned_data["have"]),
    }
    return JsonResponse(lines)


def sheets_of(
    request: HttpRequest, exam: Exam, task_ids: Sequence[int], *, without: Collection[int]
) -> list[dict[str, object]]:
    """The answers in the order in which they come; `html` only of those the page does not have."""
    now = timezone.now()
    new = [task_id for task_id in task_ids if task_id not in without]
    tasks = read_tasks().in_bulk(new)
    queue = QueueForm(request.GET)
    found: list[dict[str, object]] = []
    for task_id in task_ids:
        line: dict[str, object] = {"task": task_id, "url": page_of(task_id, queue)}
        if task_id in tasks:
            sheet = describe_task(tasks[task_id], now)
            context = sheet_context(request, exam, sheet, form_for(sheet, request))
            line["html"] = render_to_string("admin/grading/_sheet.html", context, request)
        found.append(line)
    return found


@require_POST
def release(request: HttpRequest, exam_id: int) -> HttpResponse:
    """The page is left: what was claimed ahead for it waits for others again."""
    exam = exam_for(request, exam_id, roles.SCORE)
    form = AheadForm(request.POST)
    if form.is_valid():
        claiming_ahead.release_ahead(
            exam_id=exam.pk,
            task_ids=form.cleaned_data["have"],
            grader=staff_of(request),
            now=timezone.now(),
        )
    return HttpResponse(status=204)


def page_of(task_id: int, queue: QueueForm) -> str:
    page = reverse("admin:grading_score", args=[task_id])
    return f"{page}?{queue.urlencode()}" if queue.query else page
