"""When the database cannot serve in time, or a line breaks: a calm page and "again", never a traceback."""

from collections.abc import Callable

from django.db import Error, connections
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render

from apps.core.database import is_passing, is_read_only

RETRY_SECONDS = 5


class BusyDatabaseMiddleware:
    """A lock that was not to be had, a statement that took too long, a server that is away: 503.

    Nothing was half done: the transaction is rolled back. (The save path has an answer of its own.) A body
    that did not come whole is no fault of ours either: 408.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, UnreadablePostError):
            return HttpResponse("The request did not come whole.", status=408, content_type="text/plain")
        if not isinstance(error, Error) or not is_passing(error):
            return None
        if is_read_only(error):
            connections.close_all()  # the server that writes is found by connecting anew
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
