"""How the API tells errors: all of them as problem details."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.defaults import page_not_found
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.core.errors import RuleViolation
from apps.core.formats import BodyTooLarge
from apps.core.problems import CONTENT_TYPE, NotFound, problem, problem_tree

API = "/api/"
# Codes of REST framework's own refusals that we call otherwise.
CODES = {"parse_error": "invalid", "permission_denied": "forbidden"}


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the API as problem details; what is not known here is a 500 like anywhere else."""
    set_rollback()
    if isinstance(error, Http404):
        error = NotFound()
    if isinstance(error, RuleViolation):
        return told(error.status, error.code, str(error), **error.members)
    if isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    if isinstance(error, UnreadablePostError):
        return told(408, "not_whole", "The request did not come whole. Send it again.")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(error, exceptions.ValidationError):
        return told(400, "invalid", "The request is not valid; nothing was changed.", errors=error.detail)
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        sentence = error.detail if isinstance(error.detail, str) else "This token opens nothing any more."
        return told(401, "signed_out", sentence, headers=headers)
    code = CODES.get(error.default_code, error.default_code)
    return told(error.status_code, code, str(error.detail), headers=headers)


def told(
    status: int, code: str, title: str, *, headers: dict[str, str] | None = None, **members: Any
) -> Response:
    tree = problem_tree(status, code, title, members)
    return Response(tree, status=status, headers=headers, content_type=CONTENT_TYPE)


def nothing_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that no route knows: under the API a problem like any other, elsewhere the page."""
    if request.path.startswith(API):
        return problem(NotFound.status, NotFound.code, NotFound.message)
    return page_not_found(request, exception)
