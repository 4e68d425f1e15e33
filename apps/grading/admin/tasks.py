"""The list of grading tasks, and the addresses of the graders' pages."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from apps.exams.admin.scoped import ScopedAdmin
from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.exams.rules.points import show_points
from apps.grading.admin import claims, classes, desk, history, leading, mine, people, scoring
from apps.grading.models import GradingTask, Score

PAGES = (
    ("desk/", desk.desks, "desks"),
    ("desk/<int:exam_id>/", desk.desk, "desk"),
    ("desk/<int:exam_id>/next/", desk.grade_next, "next"),
    ("desk/<int:exam_id>/queue/", desk.create_tasks, "queue"),
    ("desk/<int:exam_id>/mine/", mine.my_scores, "mine"),
    ("desk/<int:exam_id>/held/", leading.held, "held"),
    ("desk/<int:exam_id>/hand-on/", leading.hand_on, "hand_on"),
    ("desk/<int:exam_id>/referrals/", leading.referrals, "referrals"),
    ("desk/<int:exam_id>/ahead/", claims.ahead, "ahead"),
    ("desk/<int:exam_id>/release/", claims.release, "release"),
    ("<int:task_id>/score/", scoring.score, "score"),
    ("<int:task_id>/claim/", claims.claim, "claim"),
    ("<int:task_id>/surrender/", claims.surrender, "surrender"),
    ("<int:task_id>/refer/", claims.refer, "refer"),
    ("<int:task_id>/send-back/", claims.send_back, "send_back"),
    ("<int:task_id>/undo/", claims.undo, "undo"),
)


class ExamFilter(admin.SimpleListFilter):
    """Only the exams in which one works: Django's own filter would name all of them."""

    title = "exam"
    parameter_name = "exam"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        exams = Exam.objects.visible_to(request.user, roles.SCORE)
        return [(str(exam.pk), exam.title) for exam in exams]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GradingTask]) -> QuerySet[GradingTask]:
        chosen = self.value() or ""
        return queryset.filter(exam_id=int(chosen)) if chosen.isascii() and chosen.isdigit() else queryset


class MineFilter(admin.SimpleListFilter):
    title = "grader"
    parameter_name = "grader"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", "me")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GradingTask]) -> QuerySet[GradingTask]:
        return queryset.filter(grader_id=request.user.pk) if self.value() == "me" else queryset


@admin.register(GradingTask)
class GradingTaskAdmin(ScopedAdmin[GradingTask]):
    """Read only: whatever changes goes through the graders' pages. Nothing here names a contestant."""

    view_permission = roles.SCORE
    list_display = ("blind_code", "problem", "status", "points", "grader", "claimed_until")
    list_display_links = None
    list_filter = (ExamFilter, "status", MineFilter)
    list_select_related = ("answer__submission", "problem", "grader")
    list_per_page = 50
    search_fields = ("answer__submission__blind_code",)
    actions = None
    ordering = ("problem", "id")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = [path(route, wrap(view), name=f"grading_{name}") for route, view, name in PAGES]
        of_others = [
            *history.pages(self.admin_site),
            *classes.pages(self.admin_site),
            *people.pages(self.admin_site),
        ]
        return [*pages, *of_others, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[GradingTask]:
        newest = Score.objects.newest_for_task().values("points")[:1]
        return super().get_queryset(request).annotate(current_points=Subquery(newest))

    @admin.display(description="blind code", ordering="answer__submission__blind_code")
    def blind_code(self, task: GradingTask) -> str:
        page = reverse("admin:grading_score", args=[task.pk])
        return format_html('<a class="code" href="{}">{}</a>', page, task.answer.submission.blind_code)

    @admin.display(description="points", empty_value="–")
    def points(self, task: Any) -> str | None:
        return None if task.current_points is None else show_points(task.current_points)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Answers", **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """There is one page for an answer: the scoring page."""
        return redirect("admin:grading_score", self.get_object(request, object_id).pk)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """A task's history is its scores in versions, on the scoring page."""
        return self.change_view(request, object_id)
