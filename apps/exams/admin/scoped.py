"""What every console page of ours starts from: rows and rights by the user's roles in exams."""

from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable
from django.http import Http404, HttpRequest

from apps.exams.rules import roles

Row = TypeVar("Row", bound=Model)


class ScopedAdmin(admin.ModelAdmin[Row]):
    """Rows of exams in which the user has a role that carries the permission; another exam's row is a 404.

    Each permission is one of `rules/roles.py`, None: nobody does it here, superusers included. The model's
    default manager has `.visible_to(user, permission)`.
    """

    view_permission: ClassVar[str] = roles.VIEW
    add_permission: ClassVar[str | None] = None
    change_permission: ClassVar[str | None] = None
    delete_permission: ClassVar[str | None] = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        rows: Any = super().get_queryset(request)
        return rows.visible_to(request.user, self.view_permission)  # type: ignore[no-any-return]

    def get_ordering(self, request: HttpRequest) -> list[str | Combinable]:
        """The model's own order, said aloud: a query that counts forgets it, and pages would overlap."""
        return list(super().get_ordering(request) or self.opts.ordering or ())

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Row:
        """The row, or a 404: Django would say of a missing row that it is missing, and of another's not."""
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404
        return row

    def allowed(self, request: HttpRequest, permission: str | None, row: Model | None) -> bool:
        """Whether the user's role carries the permission: in this row's exam, or without a row in any."""
        if permission is None or not request.user.has_perm(permission):
            return False
        if row is None or row.pk is None:
            return True
        rows: Any = super().get_queryset(request)
        return bool(rows.visible_to(request.user, permission).filter(pk=row.pk).exists())

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.allowed(request, self.view_permission, None)

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return self.allowed(request, self.view_permission, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.allowed(request, self.add_permission, None)

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return self.allowed(request, self.change_permission, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return self.allowed(request, self.delete_permission, obj)
