"""Exams with their time blocks, problems and staff; and how a contestant will see them."""

from typing import Any, cast
from zoneinfo import ZoneInfo

import pghistory
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join

from apps.core.guards import guarded_by
from apps.exams.admin.base import OfExamAdmin, OfExamInline, consent_fields, exam_or_404
from apps.exams.admin.files import FilePages
from apps.exams.admin.status import StatusPages
from apps.exams.enums import ExamStatus, StaffRole
from apps.exams.forms import ExamForm, TimeBlockForm, TimeBlockFormSet
from apps.exams.forms.status import StatusForm
from apps.exams.models import Exam, ExamStaff, TimeBlock
from apps.exams.rules import roles
from apps.exams.rules.points import count_points
from apps.exams.selectors.outline import get_gaps
from apps.exams.selectors.preview import get_preview
from apps.exams.services import editing, saving


class TimeBlockInline(OfExamInline):
    model = TimeBlock
    form = TimeBlockForm
    formset = TimeBlockFormSet
    verbose_name_plural = "time blocks (times in the zone of the block, or else of the exam)"

    def get_fields(self, request: HttpRequest, obj: Exam | None = None) -> tuple[str, ...]:
        if self.has_change_permission(request, obj):
            return ("name", "zone", "opens_at", "last_entry_at", "closes_at")
        return ("name", "local_times")

    def get_readonly_fields(self, request: HttpRequest, obj: Exam | None = None) -> tuple[str, ...]:
        return () if self.has_change_permission(request, obj) else ("local_times",)

    @admin.display(description="times")
    def local_times(self, block: TimeBlock) -> str:
        zone = ZoneInfo(block.zone_name)
        first, last = (moment.astimezone(zone) for moment in (block.opens_at, block.closes_at))
        return f"{first:%d %B %Y, %H:%M} to {last:%d %B %Y, %H:%M} ({block.zone_name})"


class ExamStaffInline(OfExamInline):
    model = ExamStaff

    def get_fields(self, request: HttpRequest, obj: Exam | None = None) -> tuple[str, ...]:
        return ("user" if self.has_change_permission(request, obj) else "name", "role")

    def get_readonly_fields(self, request: HttpRequest, obj: Exam | None = None) -> tuple[str, ...]:
        return () if self.has_change_permission(request, obj) else ("name",)

    @admin.display(description="user")
    def name(self, staff: ExamStaff) -> str:
        """Without the link to the account, which is for superusers."""
        return staff.user.get_username()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = get_user_model().objects.filter(is_staff=True, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Exam)
class ExamAdmin(FilePages, StatusPages, OfExamAdmin[Exam]):
    form = ExamForm
    list_display = ("title", "slug", "status", "clock", "zone", "problem_count")
    list_filter = ("status",)
    search_fields = ("title", "slug")
    inlines = (TimeBlockInline, ExamStaffInline)
    readonly_fields = ("standing", "version", "first_start", "table_of_contents")
    written = (
        (None, {"fields": ("title", "slug", "zone", "instructions")}),
        ("Clock", {"fields": ("clock", "duration_minutes", "late_start", "grace_seconds")}),
        ("Grading and results", {"fields": ("blind", "results")}),
    )
    first = ((None, {"fields": ("standing",)}),)
    contents = (("Problems", {"fields": ("table_of_contents",)}),)
    state = (("State", {"fields": ("version", "first_start")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exam]:
        return super().get_queryset(request).annotate(problems_held=Count("problems"))

    def get_fieldsets(self, request: HttpRequest, obj: Exam | None = None) -> Any:
        """A new exam has no problems and no state yet."""
        if obj is None:
            return self.written
        consent = consent_fields(obj) if self.has_change_permission(request, obj) else ()
        contents = self.contents if request.user.has_perm(roles.READ, obj) else ()
        return self.first + self.written + consent + contents + self.state

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Ways to the content only for those who may read it yet."""
        context["may_read"] = request.user.has_perm(roles.READ, context.get("original"))
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="status")
    def standing(self, exam: Exam) -> str:
        """Where it stands, and what keeps it from being sat."""
        missing = [gap.text for gap in get_gaps(exam.pk, timezone.now()) if gap.is_missing]
        told = exam.status != ExamStatus.CLOSED and missing
        return render_to_string("admin/exams/exam/_standing.html", {"exam": exam, "missing": told})

    @admin.display(description="problems")
    def problem_count(self, exam: Exam) -> int:
        return cast("int", getattr(exam, "problems_held"))  # noqa: B009 - annotated above

    @admin.display(description="problems")
    def table_of_contents(self, exam: Exam) -> str:
        """Each problem is written on its own page; here are the ways there."""
        rows = (
            (
                reverse("admin:exams_problem_change", args=[problem.pk]),
                problem.number,
                problem.get_kind_display(),
                count_points(problem.max_points),
                ", not counted" if problem.not_counted else "",
            )
            for problem in exam.problems.all()
        )
        return format_html_join("", '<div><a href="{}">Problem {}</a>: {}, {}{}</div>', rows)

    @admin.display(description="first start")
    def first_start(self, exam: Exam) -> str:
        if exam.first_started_at is None:
            return "nobody has started"
        return f"{exam.first_started_at.astimezone(ZoneInfo(exam.zone)):%d %B %Y, %H:%M} ({exam.zone})"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A role is held in an exam; to make one needs Django's own permission, which superusers have."""
        return request.user.has_perm("exams.add_exam")

    def save_model(self, request: HttpRequest, obj: Exam, form: ModelForm[Exam], change: bool) -> None:  # noqa: FBT001
        if change:
            consent = cast("ExamForm", form).given_consent()
            user = cast("AbstractUser", request.user)
            saving.save_exam(exam=obj, fields=form.changed_data, actor=user, consent=consent)
            return
        obj.contest = editing.own_contest(slug=obj.slug, title=obj.title)
        obj.save()
        user = cast("AbstractUser", request.user)
        if not user.is_superuser:
            ExamStaff.objects.create(user_id=user.pk, exam=obj, role=StaffRole.ORGANISER)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        consent = form.given_consent()
        with pghistory.context(actor=request.user.pk, act="save_exam", reason=consent.reason):
            super().save_related(request, form, formsets, change)
            if change and any(formset.has_changed() for formset in formsets):
                editing.bump_version(form.instance.pk)

    def get_formset_kwargs(self, request: HttpRequest, obj: Exam, inline: Any, prefix: str) -> dict[str, Any]:
        """The consent stands on the exam's form and counts for its time blocks as well."""
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, TimeBlockInline):
            kwargs["consent"] = StatusForm(request.POST).given_consent()
        return kwargs

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "<int:exam_id>/preview/", self.admin_site.admin_view(self.preview_view), name="exams_exam_preview"
        )
        return [preview, *self.status_pages(), *self.file_pages(), *super().get_urls()]

    @guarded_by("staff")
    def preview_view(self, request: HttpRequest, exam_id: int) -> HttpResponse:
        exam = exam_or_404(request, exam_id, roles.READ)
        return render(request, "exams/preview.html", {"exam": exam, "preview": get_preview(exam.pk)})
