"""JSON in and out, with what it must not cost and what it must not trip over."""

from typing import Any

from django.conf import settings
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer


class BodyTooLarge(exceptions.APIException):
    """Nothing that is asked for here comes near this size."""

    status_code = 413
    default_detail = "The body is too large."
    default_code = "too_large"


class BoundedJson(JSONParser):
    """JSON up to a size and a depth: what is beyond either is refused before it costs anything."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        length = int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BodyTooLarge
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError("JSON parse error - nested too deeply.") from None


class AnyJson(JSONRenderer):
    """What UTF-8 cannot hold (half a surrogate pair, in a name that we quote) goes escaped."""

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().render(data, *args, **kwargs)
        except UnicodeEncodeError:
            self.ensure_ascii = True  # type: ignore[misc]  # of this answer only: a renderer serves one
            return super().render(data, *args, **kwargs)
