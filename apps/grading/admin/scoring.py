"""The scoring page: one answer, points, next."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.core.errors import RuleViolation
from apps.core.markup import render_answer, render_expression
from apps.exams.enums import ProblemKind
from apps.exams.gate import staff_of
from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.exams.rules.points import show_points
from apps.grading.admin.desk import go_on, to_desk
from apps.grading.admin.pages import console_page
from apps.grading.enums import TaskStatus
from apps.grading.forms import QueueForm, ScoreForm
from apps.grading.models import GradingTask
from apps.grading.selectors.leading import list_graders
from apps.grading.selectors.mine import LastSave, get_last_save
from apps.grading.selectors.sheet import Sheet, describe_score, get_sheet
from apps.grading.services import scoring

# Of a task whose page is not shown: not its texts.
NEEDED = (
    "exam__slug",
    "exam__title",
    "exam__blind",
    "problem__number",
    "problem__max_points",
    "answer__submission__blind_code",
)


@require_http_methods(["GET", "HEAD", "POST"])
def score(request: HttpRequest, task_id: int) -> HttpResponse:
    """Show one answer; on POST record its score and go on to the next one.

    A page that holds the next answer already asks for JSON: 201 only once the score is committed.
    """
    task = task_for(request, task_id)
    if request.method != "POST":
        sheet = get_sheet(task_id, timezone.now())
        return sheet_page(request, task.exam, sheet, form_for(sheet, request))
    form = ScoreForm(request.POST, maximum=task.problem.max_points)
    if not form.is_valid():
        return sheet_page(request, task.exam, get_sheet(task_id, timezone.now()), form, status=400)
    try:
        recorded = scoring.score_task(
            task_id=task_id,
            grader=staff_of(request),
            now=timezone.now(),
            may_correct=request.user.has_perm(roles.LEAD, task.exam),
            **form.cleaned_data,
        )
    except RuleViolation as refusal:
        return refused(request, task.exam, task_id, form, refusal)
    queue = QueueForm(request.GET)
    if request.headers.get("Accept") == "application/json":
        saved = LastSave(
            task_id=task_id,
            version=recorded.version,
            points=form.cleaned_data["points"],
            blind_code=task.answer.submission.blind_code,
            number=task.problem.number,
        )
        words = render_to_string("admin/grading/_saved.html", {"saved": saved}, request)
        return JsonResponse({"task": task_id, "saved": words}, status=201)
    if "to_desk" in request.POST:
        return to_desk(task.exam, after=task_id)
    return go_on(request, task.exam, queue, after=task_id)


def task_for(request: HttpRequest, task_id: int) -> GradingTask:
    """The task, if the user may score in its exam; another exam's is as good as missing.

    With what the pages need of it; any other column is read when it is asked for.
    """
    tasks = GradingTask.objects.select_related("exam", "problem", "answer__submission")
    task = tasks.only(*NEEDED).filter(pk=task_id).first()
    if task is None or not request.user.has_perm(roles.VIEW, task.exam):
        raise Http404
    if not request.user.has_perm(roles.SCORE, task.exam):
        raise PermissionDenied
    return task


def form_for(sheet: Sheet, request: HttpRequest) -> ScoreForm:
    """Empty, or with the score that is to be corrected; with one's own score that one just undid."""
    given = sheet.score
    undone = sheet.scores[1] if sheet.scores and given is None else None
    if undone is not None and undone.grader == staff_of(request).get_username():
        given = undone
    initial = {
        "points": show_points(given.points) if given and given.points is not None else "",
        "comment": given.comment if given else "",
        "note": given.note if given else "",
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
    **context: Any,
) -> HttpResponse:
    """The page again as things stand now, with the reason; nothing that was typed is lost."""
    sheet = get_sheet(task_id, timezone.now())
    status = refusal.status
    form = form_for(sheet, request)
    if typed is not None:
        form.initial.update({name: typed.data.get(name, "") for name in ("points", "comment", "note")})
    if isinstance(refusal, scoring.ScoreConflict):
        current = describe_score(refusal.current) if refusal.current else None
        return sheet_page(request, exam, sheet, form, status=status, yours=refusal.yours, current=current)
    return sheet_page(request, exam, sheet, form, status=status, refusal=refusal, typed=typed, **context)


def sheet_page(
    request: HttpRequest, exam: Exam, sheet: Sheet, form: ScoreForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    page = sheet_context(request, exam, sheet, form) | context
    after = QueueForm(request.GET).scored_before
    if after is not None and request.method != "POST":
        page["saved"] = get_last_save(after, exam, staff_of(request).pk)
    return console_page(request, "admin/grading/score.html", page, status=status)


def sheet_context(request: HttpRequest, exam: Exam, sheet: Sheet, form: ScoreForm) -> dict[str, Any]:
    """All that `_sheet.html` shows, for a page of its own and for one fetched ahead."""
    mine = sheet.grader_id == request.user.pk
    leads = request.user.has_perm(roles.LEAD, exam)
    claimed = sheet.status == TaskStatus.CLAIMED
    # A lease that ran out is still good as long as nobody else took the answer.
    holds = mine and claimed
    held_by_other = claimed and not mine and sheet.seconds_left >= 0
    corrects = sheet.status == TaskStatus.SCORED and (mine or leads)
    decides = sheet.status == TaskStatus.REFERRED and leads
    waits = sheet.status in {TaskStatus.OPEN, TaskStatus.STALE} or (claimed and not holds)
    queue = QueueForm(request.GET)
    render = render_expression if sheet.kind == ProblemKind.EXPRESSION else render_answer
    return {
        "title": f"Problem {sheet.number} · {sheet.blind_code}",
        "sheet": sheet,
        "form": form,
        "answer_html": render(sheet.text),
        "may_score": (holds or corrects or decides) and not sheet.paper_open,
        "holds": holds,
        "lapsed": holds and sheet.seconds_left < 0,
        "may_take": (waits or (sheet.is_stale and not corrects)) and not (held_by_other or sheet.paper_open),
        "held_by_other": held_by_other,
        "decides": decides,
        "may_refer": holds and not leads,
        "graders": list_graders(exam) if leads and (claimed or waits) and not sheet.paper_open else [],
        "queue": queue.chosen,
        "query": queue.urlencode(),
    }
