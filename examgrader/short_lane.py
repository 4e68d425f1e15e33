"""The short lane: a save, which every pause in typing brings, goes to its view at once."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve, reverse

from apps.submissions.views.saving import save


class ShortLaneMiddleware:
    """Passes sessions, users, messages and history by: they cost a save a quarter of its time for nothing.

    Nothing that guards it is left aside. Who saves is decided by the page's token, in the view and in the
    statement (`guarded_by("token")`); no cookie is read, so there is none to forge a request with. What
    every request must pass (https, its log line, its count) stands before this in `MIDDLEWARE`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.path = reverse("submissions:save")
        self.match = resolve(self.path)  # for the log's line: nothing resolves the address again

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path != self.path:
            return self.get_response(request)
        request.resolver_match = self.match
        response: HttpResponse = save(request)
        response.headers["Content-Length"] = str(len(response.content))
        return response
