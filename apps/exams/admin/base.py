"""What the pages of exams, problems and figures share: organisers change, everybody with a role reads."""

from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

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
