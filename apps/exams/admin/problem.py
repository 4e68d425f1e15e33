"""A problem on one page: its statement, its answers, its solution, and how a contestant will see it."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import AbstractUser
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone

from apps.exams.admin.base import ContentAdmin, back_to_exam, consent_fields
from apps.exams.admin.statements import StatementPages
from apps.exams.forms import ProblemForm
from apps.exams.forms.written import WrittenProblemForm
from apps.exams.models import Exam, Problem
from apps.exams.rules.changes import objections
from apps.exams.rules.choices import choices_as_text
from apps.exams.services import saving
from apps.exams.services.changing import reach_of
from apps.exams.services.previewing import preview_problem


@admin.register(Problem)
class ProblemAdmin(StatementPages, ContentAdmin[Problem]):
    form = ProblemForm
    list_display = ("__str__", "exam", "kind", "max_points", "not_counted")
    list_filter = (("exam", admin.RelatedOnlyFieldListFilter), "kind")
    list_select_related = ("exam",)
    written = (
        (None, {"fields": ("exam", "number", "kind", "max_points")}),
        ("Statement", {"fields": ("statement", "choices", "note")}),
        ("For graders", {"fields": ("accepted", "solution")}),
        ("If it turned out faulty", {"fields": ("not_counted", "not_counted_reason")}),
    )
    read = (
        (None, {"fields": ("exam", "number", "kind", "max_points")}),
        ("For graders", {"fields": ("accepted",)}),
        ("If it turned out faulty", {"fields": ("not_counted", "not_counted_reason")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Problem | None = None) -> Any:
        """Who only reads sees the statement and the solution as they are shown, not as they are written."""
        if not self.has_change_permission(request, obj):
            return self.read
        return self.written + consent_fields(obj.exam if obj else None)

    def get_readonly_fields(self, request: HttpRequest, obj: Problem | None = None) -> tuple[str, ...]:
        """A problem stays in its exam."""
        return () if obj is None else ("exam",)

    def has_delete_permission(self, request: HttpRequest, obj: Problem | None = None) -> bool:
        """Once somebody has started, papers hold an answer to it."""
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or not objections(reach_of(obj.exam, obj), ["problem.removed"]))

    def get_urls(self) -> list[URLPattern]:
        return [*self.statement_pages(), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Beside the fields stands what a contestant sees: as saved, and with scripts as it is typed."""
        problem: Problem | None = context.get("original")
        form = context["adminform"].form
        exam_id = problem.exam_id if problem else _chosen_exam(form)
        readable = Exam.objects.readable_by(request.user, now=timezone.now())
        if exam_id is not None and readable.filter(pk=exam_id).exists():
            written = WrittenProblemForm(_as_it_stands(form, problem)).written()
            context["live"] = preview_problem(exam_id=exam_id, written=written)
            context["live_exam_id"] = exam_id
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Problem, form: ModelForm[Problem], change: bool) -> None:  # noqa: FBT001
        written = form.cleaned_data
        saving.save_problem(
            problem=obj,
            fields=written.keys(),
            statement=saving.StatementText(written["statement"], written["choices"], written["note"]),
            actor=cast("AbstractUser", request.user),
            now=timezone.now(),
            consent=cast("ProblemForm", form).given_consent(),
        )

    def response_post_save_add(self, request: HttpRequest, obj: Problem) -> HttpResponseRedirect:
        return back_to_exam(obj.exam_id)

    def response_post_save_change(self, request: HttpRequest, obj: Problem) -> HttpResponseRedirect:
        return back_to_exam(obj.exam_id)

    def delete_model(self, request: HttpRequest, obj: Problem) -> None:
        saving.remove_problem(problem_id=obj.pk, actor=cast("AbstractUser", request.user))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The next free number of the exam whose page one comes from."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        exam = Exam.objects.visible_to(request.user).filter(pk=initial.get("exam") or 0).first()
        if exam is not None and "number" not in initial:
            last = exam.problems.order_by("-number").values_list("number", flat=True).first()
            initial["number"] = (last or 0) + 1
        return initial


def _chosen_exam(form: ModelForm[Problem]) -> int | None:
    chosen = str(form["exam"].value() or "")
    return int(chosen) if chosen.isdecimal() else None


def _as_it_stands(form: ModelForm[Problem], problem: Problem | None) -> dict[str, Any]:
    """The values of the fields; of those that the page does not have, the saved ones."""
    values: dict[str, Any] = {}
    if problem is not None:
        latest = problem.statements.order_by("-version").first()
        values = {
            "number": problem.number,
            "kind": problem.kind,
            "max_points": problem.max_points,
            "solution": problem.solution,
            "statement": latest.source if latest else "",
            "choices": choices_as_text(latest.choices) if latest else "",
            "note": latest.note if latest else "",
        }
    names = WrittenProblemForm.base_fields
    return values | {name: form[name].value() for name in names if name in form.fields}
