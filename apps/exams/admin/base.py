"""What the pages of exams, problems and figures share: organisers change, everybody with a role reads."""

from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from apps.exams.admin.scoped import ScopedAdmin
from apps.exams.models import Exam
from apps.exams.rules import roles

Row = TypeVar("Row", bound=Model)


class OfExamAdmin(ScopedAdmin[Row]):
    add_permission = roles.EDIT
    change_permission = roles.EDIT
    delete_permission = roles.EDIT

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing of an exam is deleted by the dozen."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only exams that one may edit can be chosen."""
        if db_field.related_model is Exam:
            kwargs["queryset"] = Exam.objects.visible_to(request.user, roles.EDIT)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def page(self, route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
        """The route of a page of ours, behind the console's own door."""
        return path(route, self.admin_site.admin_view(view), name=name)

    def show(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        """A page of ours in the console's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        return render(request, template, {**frame, **context}, status=status)


class ContentAdmin(OfExamAdmin[Row]):
    """Rows that are the exam's content: where one may not read that yet, they are not there."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        readable = Exam.objects.readable_by(request.user, now=timezone.now())
        return super().get_queryset(request).filter(exam__in=readable)


def exam_or_404(request: HttpRequest, exam_id: int, permission: str = roles.VIEW) -> Exam:
    """An exam of one's roles. Without the permission in it one is told so; of others one learns nothing."""
    exam = get_object_or_404(Exam.objects.visible_to(request.user), pk=exam_id)
    if not request.user.has_perm(permission, exam):
        raise PermissionDenied
    return exam


def back_to_exam(exam_id: int, page: str = "exams_exam_change") -> HttpResponseRedirect:
    """After a row of an exam was saved: where its other rows are, not the list of all exams' rows."""
    return HttpResponseRedirect(reverse(f"admin:{page}", args=[exam_id]))


def consent_fields(exam: Exam | None) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Where somebody has started: what that means for changes, and the consent to make them all the same."""
    if exam is None or exam.first_started_at is None:
        return ()
    started = exam.first_started_at.astimezone(ZoneInfo(exam.zone))
    description = format_html(
        "The first paper was started on {} ({}). Some things stay as they are since then; others can be"
        " changed if you tick this and say why.",
        f"{started:%d %B %Y at %H:%M}",
        exam.zone,
    )
    return (("Somebody has started", {"fields": ("consent", "reason"), "description": description}),)


class OfExamInline(admin.StackedInline[Any, Exam]):
    """Rows on an exam's own page: the exam decides. Without one yet, its page did.

    Stacked, not tabular: Django's tables have no label beside a field, and a blank header.
    """

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Exam | None = None) -> bool:
        return obj is None or request.user.has_perm(roles.VIEW, obj)

    def has_add_permission(self, request: HttpRequest, obj: Exam | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Exam | None = None) -> bool:
        return obj is None or request.user.has_perm(roles.EDIT, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Exam | None = None) -> bool:
        return self.has_change_permission(request, obj)
