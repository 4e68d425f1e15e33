"""What happened: to one answer, and in an exam; for those who may see it."""

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from apps.exams.gate import exam_for
from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.grading.admin.pages import console_page
from apps.grading.forms import CompareTextsForm, HistoryForm
from apps.grading.models import GradingTask, Score
from apps.grading.selectors.answer_history import get_answer_history
from apps.grading.selectors.exam_history import Filters, get_exam_history, list_people
from apps.submissions.models import Answer


def pages(site: AdminSite) -> list[URLPattern]:
    return [
        path("<int:task_id>/history/", site.admin_view(task_history), name="grading_history"),
        path(
            "answer/<int:answer_id>/history/",
            site.admin_view(answer_history),
            name="grading_answer_history",
        ),
        path("exam/<int:exam_id>/history/", site.admin_view(exam_history), name="grading_exam_history"),
    ]


@require_safe
def task_history(request: HttpRequest, task_id: int) -> HttpResponse:
    """By the grading task: a grader sees the answers they scored, and of them only their own reading."""
    task = GradingTask.objects.select_related("exam").filter(pk=task_id).first()
    if task is None:
        raise Http404
    exam = exam_for(request, task.exam_id, roles.VIEW)
    if sees_all(request, exam):
        return history_page(request, exam, task.answer_id, None)
    scored = Score.objects.filter(task=task, grader_id=request.user.pk)
    if not request.user.has_perm(roles.SCORE, exam) or not scored.exists():
        raise PermissionDenied
    return history_page(request, exam, task.answer_id, task.pk)


@require_safe
def answer_history(request: HttpRequest, answer_id: int) -> HttpResponse:
    """By the answer, which may not be queued yet: for leads and organisers."""
    exam_id = Answer.objects.filter(pk=answer_id).values_list("problem__exam", flat=True).first()
    if exam_id is None:
        raise Http404
    exam = exam_for(request, exam_id, roles.VIEW)
    if not sees_all(request, exam):
        raise PermissionDenied
    return history_page(request, exam, answer_id, None)


def sees_all(request: HttpRequest, exam: Exam) -> bool:
    return request.user.has_perm(roles.LEAD, exam) or request.user.has_perm(roles.PUBLISH, exam)


def history_page(request: HttpRequest, exam: Exam, answer_id: int, reading: int | None) -> HttpResponse:
    form = CompareTextsForm(request.GET)
    history = get_answer_history(
        answer_id,
        reading=reading,
        # Whoever grades stays blind here as well.
        names=not exam.blind or request.user.has_perm(roles.MANAGE_PEOPLE, exam),
        page=request.GET.get("page"),
        compare=form.chosen,
    )
    context = {
        "title": f"History: problem {history.number} · {history.blind_code}",
        "history": history,
        "may_score": request.user.has_perm(roles.SCORE, exam),
        "asked": form.chosen is not None,
    }
    return console_page(request, "admin/grading/answer_history.html", context)


@require_safe
def exam_history(request: HttpRequest, exam_id: int) -> HttpResponse:
    """What anybody changed in an exam; for organisers, since it names contestants."""
    exam = exam_for(request, exam_id, roles.MANAGE_PEOPLE)
    form = HistoryForm(request.GET, people=list_people(exam))
    context = {
        "title": f"History: {exam.title}",
        "exam": exam,
        "form": form,
        "filtered": form.chosen != Filters(),
        "history": get_exam_history(exam, form.chosen, form.page_number),
    }
    return console_page(request, "admin/grading/exam_history.html", context)
