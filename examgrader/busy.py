"""When the database cannot serve a page in time: a calm page and "try again", never a traceback."""

from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

RETRY_SECONDS = 5


class BusyDatabaseMiddleware:
    """A lock that was not to be had, a statement that took too long, a server that is away: 503.

    Nothing was half done: the transaction is rolled back. (The save path has an answer of its own.)
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
