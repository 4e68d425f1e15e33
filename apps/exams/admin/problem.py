"""A problem on one page: its statement in versions, its answers, its solution."""

from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.auth.models import AbstractUser
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from apps.exams.admin.base import OfExamAdmin
from apps.exams.forms import ProblemForm
from apps.exams.models import Exam, Problem, StatementVersion
from apps.exams.services import editing


class StatementVersionInline(admin.StackedInline[StatementVersion, Problem]):
    """What contestants were shown before, and since when not; only to be read."""

    model = StatementVersion
    fields = readonly_fields = ("version", "local_time", "created_by", "note", "source")
    ordering = ("-version",)
    extra = 0
    verbose_name_plural = "versions of the statement"

    def has_add_permission(self, request: HttpRequest, obj: Problem | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Problem | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Problem | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Problem | None = None) -> bool:
        return True  # whoever may open the page of the problem

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("created_by", "problem__exam")

    @admin.display(description="since")
    def local_time(self, statement: StatementVersion) -> str:
        zone = statement.problem.exam.zone
        return f"{statement.created_at.astimezone(ZoneInfo(zone)):%d %B %Y, %H:%M} ({zone})"


@admin.register(Problem)
class ProblemAdmin(OfExamAdmin[Problem]):
    form = ProblemForm
    list_display = ("__str__", "exam", "kind", "max_points", "not_counted")
    list_filter = (("exam", admin.RelatedOnlyFieldListFilter), "kind")
    list_select_related = ("exam",)
    inlines = (StatementVersionInline,)
    fieldsets = (
        (None, {"fields": ("exam", "number", "kind", "max_points")}),
        ("Statement", {"fields": ("statement", "choices", "note")}),
        ("For graders", {"fields": ("accepted", "solution")}),
        ("If it turned out faulty", {"fields": ("not_counted", "not_counted_reason")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Problem | None = None) -> tuple[str, ...]:
        """A problem stays in its exam; once somebody has started, also what kind of answer it takes."""
        if obj is None:
            return ()
        return ("exam", "number", "kind") if obj.exam.first_started_at else ("exam",)

    def save_model(self, request: HttpRequest, obj: Problem, form: ModelForm[Problem], change: bool) -> None:  # noqa: FBT001
        obj.save()
        editing.add_statement_version(
            problem_id=obj.pk,
            source=form.cleaned_data["statement"],
            choices=form.cleaned_data["choices"],
            note=form.cleaned_data["note"],
            actor=cast("AbstractUser", request.user),
            now=timezone.now(),
        )
        editing.bump_version(obj.exam_id)

    def delete_model(self, request: HttpRequest, obj: Problem) -> None:
        super().delete_model(request, obj)
        editing.bump_version(obj.exam_id)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The next free number of the exam whose page one comes from."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        exam = Exam.objects.visible_to(request.user).filter(pk=initial.get("exam") or 0).first()
        if exam is not None and "number" not in initial:
            last = exam.problems.order_by("-number").values_list("number", flat=True).first()
            initial["number"] = (last or 0) + 1
        return initial
