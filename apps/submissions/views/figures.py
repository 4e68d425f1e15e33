"""Figures, guarded like the statements that show them."""

import uuid

from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.access.gate import remembered
from apps.core import guards
from apps.submissions.selectors.figures import get_figure


@guards.guarded_by("contestant")
@require_safe
# An SVG that is opened by itself is a document: it may load and run nothing.
@csp_replace({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": True})  # type: ignore[arg-type]
def figure(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A figure for whoever may see its exam; everybody else gets the 404 of one that does not exist."""
    now = timezone.now()
    who = remembered(request, now=now)
    contestant = who.contestant if who is not None and who.confirmed else None
    found = get_figure(public_id=public_id, user=request.user, contestant=contestant, now=now)
    if found is None:
        raise Http404
    return HttpResponse(bytes(found.content), content_type=found.kind)
