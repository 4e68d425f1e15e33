"""Problem details (RFC 9457): how programs are told that something was refused."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.http import JsonResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from apps.core.errors import RuleViolation

CONTENT_TYPE = "application/problem+json"


class Invalid(RuleViolation):
    message = "The request is not valid; nothing was changed."
    code = "invalid"
    status = 400


class NotFound(RuleViolation):
    message = "There is nothing here for you."
    code = "not_found"
    status = 404


class Throttled(RuleViolation):
    message = "Too many failures came from this network. Try again later."
    code = "throttled"
    status = 429


def problem_tree(
    status: int, code: str, title: str, members: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The body: a sentence for people as `title`, and a stable `code` for programs."""
    return {"type": "about:blank", "title": title, "status": status, "code": code, **(members or {})}


def problem(status: int, code: str, title: str, members: Mapping[str, Any] | None = None) -> JsonResponse:
    """The body as a response."""
    tree = problem_tree(status, code, title, members)
    return JsonResponse(tree, status=status, content_type=CONTENT_TYPE)


class ProblemDetailsSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457). Programs go by `code`; `title` is a sentence for people."""

    type = serializers.CharField(default="about:blank")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()


def refusals(*kinds: type[RuleViolation]) -> dict[tuple[int, str], OpenApiResponse]:
    """What a call may be refused with, for the schema: by status, with an example for each code."""
    by_status: dict[int, list[type[RuleViolation]]] = defaultdict(list)
    for kind in kinds:
        by_status[kind.status].append(kind)
    return {
        (status, CONTENT_TYPE): OpenApiResponse(
            ProblemDetailsSerializer,
            description=", ".join(kind.code for kind in members),
            examples=[example_of(kind) for kind in members],
        )
        for status, members in by_status.items()
    }


def example_of(kind: type[RuleViolation]) -> OpenApiExample:
    return OpenApiExample(kind.code, problem_tree(kind.status, kind.code, kind.message))
