"""Papers as organisers and proctors see them: how each stands, and moving a deadline."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from apps.core.counting import counted
from apps.core.errors import RuleViolation
from apps.exams.admin.scoped import ScopedAdmin
from apps.exams.rules import roles
from apps.submissions.admin import contestant, emergency, kept
from apps.submissions.forms import DeadlineForm
from apps.submissions.models import Submission
from apps.submissions.selectors.times import phase_of_paper, told
from apps.submissions.services import timing


@admin.register(Submission)
class SubmissionAdmin(ScopedAdmin[Submission]):
    """Contestants stand here by number and name: whoever only grades does not see this page."""

    view_permission: ClassVar[str] = roles.WATCH
    list_display = ("contestant", "name", "exam", "block", "started", "deadline", "standing", "answered")
    list_filter = (("registration__exam", admin.RelatedOnlyFieldListFilter), "submitted_by")
    list_select_related = ("registration__exam", "registration__time_block", "registration__contestant")
    list_per_page = 100
    search_fields = ("=registration__contestant__number", "registration__contestant__name")
    ordering = ("registration__exam", "registration__contestant__number")
    actions = ("move_deadline",)
    fields = (
        "contestant",
        "name",
        "exam",
        "block",
        "started",
        "deadline",
        "grace_seconds",
        "standing",
        "answered",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        counted = Count("answers"), Count("answers", filter=~Q(answers__text=""))
        return super().get_queryset(request).annotate(answer_count=counted[0], answered_count=counted[1])

    @admin.display(description="contestant", ordering="registration__contestant__number")
    def contestant(self, paper: Submission) -> str:
        return paper.registration.contestant.public_number

    @admin.display(description="name", ordering="registration__contestant__name")
    def name(self, paper: Submission) -> str:
        return paper.registration.contestant.name or "–"

    @admin.display(description="exam")
    def exam(self, paper: Submission) -> str:
        return paper.registration.exam.title

    @admin.display(description="time block")
    def block(self, paper: Submission) -> str:
        return paper.registration.time_block.name

    @admin.display(description="started", ordering="started_at")
    def started(self, paper: Submission) -> str:
        return told(paper, paper.started_at)

    @admin.display(description="deadline", ordering="deadline_at")
    def deadline(self, paper: Submission) -> str:
        return told(paper, paper.deadline_at)

    @admin.display(description="stands")
    def standing(self, paper: Submission) -> str:
        if paper.submitted_at is not None:
            return f"closed by {paper.get_submitted_by_display()} {told(paper, paper.submitted_at)}"
        return str(phase_of_paper(paper, timezone.now()).label)

    @admin.display(description="answered")
    def answered(self, paper: Submission) -> str:
        return f"{paper.answered_count} of {paper.answer_count}"  # type: ignore[attr-defined]  # annotated

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(
                "emergency/",
                self.admin_site.admin_view(self.emergency_view),
                name="submissions_emergency",
            ),
            path(
                "contestant/<int:contestant_id>/",
                self.admin_site.admin_view(contestant.contestant),
                name="submissions_contestant",
            ),
            path(
                "kept/<int:revision_id>/accept/",
                self.admin_site.admin_view(self.accept_view),
                name="submissions_accept",
            ),
        ]
        return [*pages, *super().get_urls()]

    def emergency_view(self, request: HttpRequest) -> HttpResponse:
        return emergency.page(self, request)

    def accept_view(self, request: HttpRequest, revision_id: int) -> HttpResponse:
        return kept.accept(self, request, revision_id)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Beneath the facts stands what was kept apart; organisers may let it count."""
        context = kept.section(self.get_object(request, object_id), request)
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @admin.action(description="Move the deadline…", permissions=["view"])
    def move_deadline(self, request: HttpRequest, papers: QuerySet[Submission]) -> HttpResponse | None:
        """Ask by how much and why; then move each paper's deadline and say which could not be moved."""
        form = DeadlineForm(request.POST if "minutes" in request.POST else None)
        if form.is_valid():
            self.move_each(request, papers, form.cleaned_data["minutes"], form.cleaned_data["reason"])
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Move the deadline",
            "form": form,
            "papers": papers,
            "opts": self.opts,
            "action": "move_deadline",
        }
        return TemplateResponse(request, "admin/submissions/move_deadline.html", context)

    def move_each(
        self, request: HttpRequest, papers: Iterable[Submission], minutes: int, reason: str
    ) -> None:
        moved = 0
        for paper in papers:
            try:
                timing.move_deadline(
                    submission_id=paper.pk,
                    minutes=minutes,
                    reason=reason,
                    actor_id=request.user.pk,
                    now=timezone.now(),
                )
                moved += 1
            except RuleViolation as refusal:
                number = paper.registration.contestant.public_number
                messages.error(request, f"Contestant {number}: {refusal}")
        if moved:
            messages.success(
                request, f"The deadline of {counted(moved, 'paper')} moved by {counted(minutes, 'minute')}."
            )
