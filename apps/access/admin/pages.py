"""What the console's pages of this app share."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.access.services.issuing import IssuedKey
from apps.access.services.slips import keys_csv
from apps.core.errors import RuleViolation
from apps.exams.admin.scoped import ScopedAdmin
from apps.exams.rules import roles

Row = TypeVar("Row", bound=Model)


class PeopleAdmin(ScopedAdmin[Row]):
    """Names and keys are for organisers; whoever grades sees neither."""

    view_permission = roles.MANAGE_PEOPLE
    list_per_page = 100

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Nobody and nothing here is deleted by the dozen, or at all."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

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
    selected: Iterable[Model] = (),
    problems: Sequence[str] = (),
) -> HttpResponse:
    """A page with a form; `action` and `selected` carry on what was chosen in the list before it."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "intro": intro,
        "form": form,
        "submit": submit,
        "action": action,
        "selected": [row.pk for row in selected],
        "problems": problems,
        "opts": model_admin.opts,
        "back": f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist",
    }
    return TemplateResponse(request, "admin/access/ask.html", context)


def keys_download(issued: Sequence[IssuedKey]) -> HttpResponse:
    """The new keys as a file: the only time that they are told."""
    response = HttpResponse(keys_csv(issued), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="keys-batch-{issued[0].batch}.csv"'
    return response


def say_refusal(request: HttpRequest, refusal: RuleViolation) -> None:
    messages.error(request, str(refusal))
