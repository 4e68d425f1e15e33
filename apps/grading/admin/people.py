"""What is kept about one contestant: a copy for whoever asks, and erasing it."""

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.access.models import Contestant, Registration
from apps.core.errors import RuleViolation
from apps.exams.gate import recently_confirmed, staff_of
from apps.exams.rules import roles
from apps.grading.admin.pages import console_page
from apps.grading.forms import EraseForm
from apps.grading.selectors.erasure import get_erasure_plan
from apps.grading.services import disclosing, erasing


def pages(site: AdminSite) -> list[URLPattern]:
    return [
        path("contestant/<int:contestant_id>/data/", site.admin_view(data), name="grading_contestant_data"),
        path(
            "contestant/<int:contestant_id>/data/export/",
            site.admin_view(export),
            name="grading_contestant_export",
        ),
        path(
            "contestant/<int:contestant_id>/data/erase/",
            site.admin_view(erase),
            name="grading_contestant_erase",
        ),
    ]


def contestant_for(request: HttpRequest, contestant_id: int) -> Contestant:
    """For organisers of every exam the contestant sits: the copy and the erasure are of the whole person."""
    user = staff_of(request)
    people = Contestant.objects.visible_to(user, roles.MANAGE_PEOPLE).select_related(
        "school", "contest", "erasure"
    )
    contestant = people.filter(pk=contestant_id).first()
    if contestant is None:
        raise Http404
    registrations = Registration.objects.filter(contestant=contestant)
    if registrations.count() != registrations.visible_to(user, roles.MANAGE_PEOPLE).count():
        raise PermissionDenied("This contestant also sits an exam of which you are no organiser.")
    return contestant


@require_safe
def data(request: HttpRequest, contestant_id: int) -> HttpResponse:
    return data_page(request, contestant_for(request, contestant_id), EraseForm())


def data_page(
    request: HttpRequest, contestant: Contestant, form: EraseForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "title": f"Data about contestant {contestant.public_number}",
        "contestant": contestant,
        "contestant_page": settings.CONTESTANT_PAGE_URL,
        "plan": get_erasure_plan(contestant, timezone.now()),
        "form": form,
    }
    return console_page(request, "admin/grading/contestant_data.html", context, status=status)


@require_POST
def export(request: HttpRequest, contestant_id: int) -> HttpResponse:
    return export_of(request, contestant_for(request, contestant_id))


@recently_confirmed("download what is kept about a contestant")
def export_of(request: HttpRequest, contestant: Contestant) -> HttpResponse:
    content = disclosing.export_contestant(contestant=contestant, now=timezone.now())
    response = HttpResponse(content, content_type="application/zip")
    name = f"contestant-{contestant.public_number}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def erase(request: HttpRequest, contestant_id: int) -> HttpResponse:
    return erase_one(request, contestant_for(request, contestant_id))


@recently_confirmed("erase a contestant")
def erase_one(request: HttpRequest, contestant: Contestant) -> HttpResponse:
    form = EraseForm(request.POST, contestant_number=contestant.number)
    if not form.is_valid():
        return data_page(request, contestant, form, status=400)
    try:
        erasing.erase_contestant(
            contestant_id=contestant.pk,
            reason=form.cleaned_data["reason"],
            actor=staff_of(request),
            now=timezone.now(),
        )
    except RuleViolation as refusal:
        form.add_error(None, str(refusal))
        return data_page(request, contestant, form, status=refusal.status)
    messages.success(request, f"Contestant {contestant.public_number} is erased.")
    return redirect("admin:grading_contestant_data", contestant.pk)
