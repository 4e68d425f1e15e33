"""What the console's pages of this app share."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.access.services.issuing import IssuedKey
from apps.access.services.slips import keys_csv, keys_xlsx
from apps.exams.admin.scoped import ScopedAdmin
from apps.exams.rules import roles

Row = TypeVar("Row", bound=Model)

REISSUING = (
    "Each contestant gets a new key, and the old one opens nothing any more; a new key opens the same paper."
    " You get a file, once: the keys stand nowhere else."
)
FILE_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class PeopleAdmin(ScopedAdmin[Row]):
    """Names and keys are for organisers; whoever grades sees neither."""

    view_permission = roles.MANAGE_PEOPLE
    list_per_page = 100

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Nobody and nothing here is deleted by the dozen, or at all."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        """Contestant numbers are searched as they are printed, 0417, and stored without the zeros."""
        words = [word.lstrip("0") if word.isdigit() else word for word in search_term.split()]
        return super().get_search_results(request, queryset, " ".join(words))


def ask(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    form: Form,
    *,
    title: str,
    intro: str,
    submit: str,
    action: str = "",
    selected: Sequence[Model] = (),
    back: str = "",
) -> HttpResponse:
    """A page with a form; `action` and `selected` carry on what was chosen in the list before it."""
    opts = model_admin.opts
    # Thousands that were chosen by "select all" are chosen again by it: a form may not have so many fields.
    across = request.POST.get("select_across") == "1"
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "intro": intro,
        "form": form,
        "submit": submit,
        "action": action,
        "across": across,
        "selected": [row.pk for row in (selected[:1] if across else selected)],
        "covers": len(selected),
        "opts": opts,
        "back": back or reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
    }
    return TemplateResponse(request, "admin/access/ask.html", context)


def is_confirmed(request: HttpRequest, field: str, selected: Sequence[Model]) -> bool:
    """Whether the page of `ask` was answered, and for as many rows as it spoke of."""
    return field in request.POST and request.POST.get("covers", str(len(selected))) == str(len(selected))


def keys_download(issued: Sequence[IssuedKey], file_type: str) -> HttpResponse:
    """The new keys as a file: the only time that they are told."""
    content = keys_xlsx(issued) if file_type == "xlsx" else keys_csv(issued)
    response = HttpResponse(content, content_type=FILE_TYPES[file_type])
    name = f"keys-batch-{issued[0].batch}.{file_type}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
