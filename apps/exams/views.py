"""Serving figures."""

from collections.abc import Callable
from functools import cache
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe

from apps.core.guards import guarded_by
from apps.exams.selectors import get_figure


@guarded_by("staff")
@require_safe
def figure(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """A figure, for those who may see its exam's statements; a hidden and a missing one are alike."""
    found = get_figure(public_id)
    if found is None or not any(may_see(request, found.exam_id) for may_see in _guards()):
        raise Http404
    response = HttpResponse(found.content, content_type=found.kind)
    # An SVG opened by itself is a document: whatever the cleaning missed, it may run and load nothing.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # Kept by the browser, but asked for each time: on a shared computer the next person is somebody else.
    response["Cache-Control"] = "private, no-cache"
    etag = quote_etag(found.digest)
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


@cache
def _guards() -> tuple[Callable[[HttpRequest, int], bool], ...]:
    """Who may see an exam's figures is known by several apps; the settings name their gates."""
    return tuple(import_string(name) for name in settings.FIGURE_GUARDS)
