"""A contestant's page: everything an organiser is asked about one person, without searching five lists."""

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core.guards import guarded_by
from apps.submissions.selectors.contestant import get_contestant_page


@guarded_by("staff")
@require_safe
def contestant(request: HttpRequest, contestant_id: int) -> HttpResponse:
    """For organisers; to everybody else, and of another contest, there is no such contestant."""
    page = get_contestant_page(contestant_id, request.user, timezone.now())
    if page is None:
        raise Http404
    context = {
        **admin.site.each_context(request),
        "title": f"Contestant {page.number}",
        "page": page,
        "data_page": reverse(settings.CONTESTANT_DATA_URL, args=[contestant_id]),
    }
    return TemplateResponse(request, "admin/submissions/contestant.html", context)
