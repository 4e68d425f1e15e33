"""Making an exam ready, closed, or a draft again: pages that tell what is missing and what it means."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.models import AbstractUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone

from apps.core.errors import RuleViolation
from apps.core.guards import guarded_by
from apps.exams.admin.base import OfExamAdmin, exam_or_404
from apps.exams.enums import ExamStatus
from apps.exams.forms.status import StatusForm
from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.exams.rules.changes import Reach
from apps.exams.selectors.outline import get_gaps
from apps.exams.services import lifecycle
from apps.exams.services.changing import reach_of

if TYPE_CHECKING:
    Base = OfExamAdmin[Exam]
else:
    Base = object

NOW_IT_IS = {
    ExamStatus.READY: "ready",
    ExamStatus.CLOSED: "closed",
    ExamStatus.DRAFT: "a draft",
}
TITLES = {
    ExamStatus.READY: "Make the exam ready",
    ExamStatus.CLOSED: "Close the exam",
    ExamStatus.DRAFT: "Make the exam a draft again",
}


class StatusPages(Base):
    def status_pages(self) -> list[URLPattern]:
        return [self.page("<int:exam_id>/status/<str:status>/", self.status_view, "exams_exam_status")]

    @guarded_by("staff")
    def status_view(self, request: HttpRequest, exam_id: int, status: str) -> HttpResponse:
        exam = exam_or_404(request, exam_id, roles.EDIT)
        if status not in ExamStatus.values:
            raise Http404
        now, form = timezone.now(), StatusForm(request.POST)
        refusal = None
        if request.method == "POST":
            try:
                _act(exam, ExamStatus(status), form, request)
            except RuleViolation as violation:
                refusal = violation
            else:
                messages.success(request, f"{exam.title} is {NOW_IT_IS[ExamStatus(status)]} now.")
                return redirect("admin:exams_exam_change", exam.pk)
        gaps = get_gaps(exam.pk, now)
        context = {
            "title": TITLES[ExamStatus(status)],
            "exam": exam,
            "to": status,
            "form": form,
            "refusal": refusal,
            "missing": [gap.text for gap in gaps if gap.is_missing],
            "worth_a_look": [gap.text for gap in gaps if not gap.is_missing],
            "is_running": exam.time_blocks.filter(closes_at__gt=now).exists(),
            "is_started": reach_of(exam) > Reach.NEW,
        }
        template = "admin/exams/exam/status.html"
        return self.show(request, template, context, status=409 if refusal else 200)


def _act(exam: Exam, status: ExamStatus, form: StatusForm, request: HttpRequest) -> None:
    actor, now = cast("AbstractUser", request.user), timezone.now()
    match status:
        case ExamStatus.READY:
            lifecycle.make_ready(exam_id=exam.pk, actor=actor, now=now)
        case ExamStatus.CLOSED:
            lifecycle.close_exam(exam_id=exam.pk, actor=actor, now=now, consent=form.given_consent())
        case ExamStatus.DRAFT:
            lifecycle.return_to_draft(exam_id=exam.pk, actor=actor)
