"""Figures: put in place by their file, kept while a statement shows them."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.html import format_html

from apps.core.errors import RuleViolation
from apps.exams.admin.base import ContentAdmin, back_to_exam, consent_fields
from apps.exams.forms import FigureForm
from apps.exams.models import Figure
from apps.exams.services import editing


@admin.register(Figure)
class FigureAdmin(ContentAdmin[Figure]):
    form = FigureForm
    list_display = ("name", "exam", "kind", "width", "height")
    list_filter = (("exam", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("exam",)

    def get_fieldsets(self, request: HttpRequest, obj: Figure | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("exam", "file")}),)
        if not self.has_change_permission(request, obj):
            return ((None, {"fields": ("exam", "name", "drawing")}),)
        fields = (None, {"fields": ("exam", "name", "drawing", "file")})
        return (fields, *consent_fields(obj.exam))

    def get_readonly_fields(self, request: HttpRequest, obj: Figure | None = None) -> tuple[str, ...]:
        return () if obj is None else ("exam", "name", "drawing")

    @admin.display(description="figure")
    def drawing(self, figure: Figure) -> str:
        return format_html(
            '<img src="{}" width="{}" height="{}" alt="{}">',
            editing.figure_address(figure.public_id),
            figure.width,
            figure.height,
            figure.name,
        )

    def has_delete_permission(self, request: HttpRequest, obj: Figure | None = None) -> bool:
        """A figure that a text shows stays."""
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or str(obj.public_id) not in editing.shown_html(obj.exam_id))

    def save_model(self, request: HttpRequest, obj: Figure, form: ModelForm[Figure], change: bool) -> None:  # noqa: FBT001
        file = form.cleaned_data["file"]
        figure = editing.put_figure(
            exam_id=obj.exam_id,
            name=obj.name if change else file.name,
            data=file.read(),
            actor=cast("AbstractUser", request.user),
            consent=cast("FigureForm", form).given_consent(),
        )
        # The page goes on with this row; of the same name, there may have been one before.
        obj.pk, obj.name = figure.pk, figure.name

    def response_post_save_add(self, request: HttpRequest, obj: Figure) -> HttpResponseRedirect:
        return back_to_exam(obj.exam_id, "exams_exam_figures")

    def response_post_save_change(self, request: HttpRequest, obj: Figure) -> HttpResponseRedirect:
        return back_to_exam(obj.exam_id, "exams_exam_figures")

    def delete_model(self, request: HttpRequest, obj: Figure) -> None:
        try:
            editing.remove_figure(figure_id=obj.pk, actor=cast("AbstractUser", request.user))
        except RuleViolation as refusal:
            raise PermissionDenied(str(refusal)) from refusal
