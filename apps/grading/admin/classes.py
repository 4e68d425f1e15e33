"""Equal answers on one page: points for a whole class, for the blank ones, and 0 for all that remains."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import RuleViolation
from apps.exams.enums import ProblemKind
from apps.exams.gate import exam_for, staff_of
from apps.exams.models import Exam, Problem
from apps.exams.rules import roles
from apps.grading.admin.pages import console_page
from apps.grading.forms import ClassScoreForm, RemainingForm
from apps.grading.models import ScoringAct
from apps.grading.rules.equivalence import class_key
from apps.grading.selectors.acts import find_act, list_acts
from apps.grading.selectors.backlog import answers_without_task
from apps.grading.selectors.classes import get_classes, get_remaining, get_stated, list_members
from apps.grading.services import acting

CLASSES_PER_PAGE = 100
ACTS_PER_PAGE = 50


def pages(site: AdminSite) -> list[URLPattern]:
    """The addresses, for the admin of grading tasks."""
    problem = "desk/<int:exam_id>/classes/<int:problem_id>/"
    return [
        path(problem, site.admin_view(classes), name="grading_classes"),
        path(f"{problem}score/", site.admin_view(score_class), name="grading_class_score"),
        path(f"{problem}remaining/", site.admin_view(remaining), name="grading_remaining"),
        path("desk/<int:exam_id>/acts/", site.admin_view(acts), name="grading_acts"),
        path("desk/<int:exam_id>/acts/<int:act_id>/undo/", site.admin_view(undo), name="grading_act_undo"),
    ]


@require_safe
def classes(request: HttpRequest, exam_id: int, problem_id: int) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.SCORE, roles.READ)
    return classes_page(request, exam, problem_of(exam, problem_id))


@require_POST
def score_class(request: HttpRequest, exam_id: int, problem_id: int) -> HttpResponse:
    """Score one class; the page then tells what was done, offers to undo it, and waits at the next class."""
    exam = exam_for(request, exam_id, roles.SCORE, roles.READ)
    problem = problem_of(exam, problem_id)
    form = ClassScoreForm(request.POST, maximum=problem.max_points)
    if not form.is_valid():
        return classes_page(request, exam, problem, status=400, typed=form)
    try:
        act = acting.score_class(
            exam_id=exam.pk,
            problem_id=problem.pk,
            grader=staff_of(request),
            now=timezone.now(),
            **form.cleaned_data,
        )
    except RuleViolation as refusal:
        return classes_page(request, exam, problem, status=refusal.status, refusal=refusal, typed=form)
    return redirect(page_of(act))


@require_http_methods(["GET", "HEAD", "POST"])
def remaining(request: HttpRequest, exam_id: int, problem_id: int) -> HttpResponse:
    """For leads: show what "all remaining: 0" covers; on POST sign it."""
    exam = exam_for(request, exam_id, roles.LEAD)
    problem = problem_of(exam, problem_id)
    form = RemainingForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        return remaining_page(request, exam, problem, status=400 if request.method == "POST" else 200)
    try:
        done = acting.score_remaining(
            exam_id=exam.pk,
            problem_id=problem.pk,
            grader=staff_of(request),
            now=timezone.now(),
            **form.cleaned_data,
        )
    except RuleViolation as refusal:
        status = refusal.status
        return remaining_page(request, exam, problem, status=status, refusal=refusal)
    for sentence in told_of(done):
        messages.warning(request, sentence)
    return redirect(page_of(done.act))


@require_safe
def acts(request: HttpRequest, exam_id: int) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.SCORE)
    context = {
        "title": "Scored many at once",
        "exam": exam,
        "page": Paginator(list_acts(exam.pk), ACTS_PER_PAGE).get_page(request.GET.get("page")),
        "is_lead": request.user.has_perm(roles.LEAD, exam),
    }
    return console_page(request, "admin/grading/acts.html", context)


@require_POST
def undo(request: HttpRequest, exam_id: int, act_id: int) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.SCORE)
    act = find_act(exam.pk, act_id)
    if act is None:
        raise Http404
    try:
        undone = acting.undo_act(
            exam_id=exam.pk,
            act_id=act.id,
            grader=staff_of(request),
            now=timezone.now(),
            may_correct=request.user.has_perm(roles.LEAD, exam),
        )
    except RuleViolation as refusal:
        messages.error(request, str(refusal))
    else:
        words = ngettext("%d score was taken back.", "%d scores were taken back.", undone.count)
        messages.success(request, words % undone.count)
        if undone.left:
            words = ngettext(
                "%d answer was scored anew or reopened since, and was left.",
                "%d answers were scored anew or reopened since, and were left.",
                undone.left,
            )
            messages.warning(request, words % undone.left)
    if "to_acts" in request.POST:
        return redirect("admin:grading_acts", exam.pk)
    return redirect("admin:grading_classes", exam.pk, act.problem_id)


def problem_of(exam: Exam, problem_id: int) -> Problem:
    problem = Problem.objects.filter(exam=exam, pk=problem_id).first()
    if problem is None:
        raise Http404
    return problem


def page_of(act: ScoringAct) -> str:
    return f"{reverse('admin:grading_classes', args=[act.exam_id, act.problem_id])}?done={act.pk}"


def told_of(done: acting.RemainingDone) -> list[str]:
    """What was not scored, though one might think so."""
    left = ngettext(
        "%d answer was left: it changed, or somebody took it, while you read.",
        "%d answers were left: they changed, or somebody took them, while you read.",
        done.left,
    )
    appeared = ngettext(
        "%d answer came in while you read, and waits.",
        "%d answers came in while you read, and wait.",
        done.appeared,
    )
    return [sentence % count for sentence, count in ((left, done.left), (appeared, done.appeared)) if count]


def classes_page(
    request: HttpRequest, exam: Exam, problem: Problem, *, status: int = 200, **context: Any
) -> HttpResponse:
    """The classes, on the page of the list where the next one waits unless another was asked for."""
    now = timezone.now()
    found = get_classes(problem, staff_of(request), now)
    done = find_act(exam.pk, whole_number(request.GET.get("done")))
    typed: ClassScoreForm | None = context.get("typed")
    opened = request.GET.get("open", "")
    keys = [one.key for one in found.classes]
    if typed:
        focus = typed.data.get("key", "")
    elif opened in keys:
        focus = opened
    else:
        focus = found.next_waiting(class_key(done.text) if done else "")
    start = keys.index(focus) // CLASSES_PER_PAGE + 1 if focus in keys else 1
    page = {
        "title": f"Problem {problem.number}: equal answers",
        "exam": exam,
        "problem": problem,
        "is_proof": problem.kind == ProblemKind.PROOF,
        "stated": get_stated(problem),
        "found": found,
        "page": Paginator(found.classes, CLASSES_PER_PAGE).get_page(request.GET.get("page", start)),
        "focus": focus,
        "opened": opened,
        "members": list_members(problem, opened, now) if opened else [],
        "done": done,
        "unqueued": answers_without_task(exam.pk, now).filter(problem=problem).count(),
        "is_lead": request.user.has_perm(roles.LEAD, exam),
        **context,
    }
    return console_page(request, "admin/grading/classes.html", page, status=status)


def remaining_page(
    request: HttpRequest, exam: Exam, problem: Problem, *, status: int, **context: Any
) -> HttpResponse:
    if problem.kind == ProblemKind.PROOF:
        raise Http404
    covered = get_remaining(problem, staff_of(request), timezone.now())
    page = {
        "title": f"Problem {problem.number}: all remaining 0",
        "exam": exam,
        "problem": problem,
        "covered": covered,
        "form": RemainingForm(initial={"seen": RemainingForm.packed(covered.seen)}),
        **context,
    }
    return console_page(request, "admin/grading/remaining.html", page, status=status)


def whole_number(typed: str | None) -> int:
    """What stands in an address; 0, which is nobody's number, for anything else."""
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 19 else 0  # noqa: PLR2004
