"""Bodies and queries of the API: taken exactly as they are described, neither guessed at nor bent.

A number is no text, "yes" is no truth value, a time has its offset, and a member that nobody described is a
mistake that is told. So the description of the API is true in both directions.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import QueryDict
from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from rest_framework import serializers

# A NUL and half a surrogate pair are no text, and PostgreSQL keeps neither.
UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")
SPEAKABLE_PATTERN = r"^[^\u0000]*$"
# Something that can be seen, anywhere in it.
# Named one by one, for dialects of regular expressions differ in what they take for white space.
VISIBLE = re.compile(r"[^\s\x00-\x20\x85\xa0]")
VISIBLE_PATTERN = r"^[^\u0000]*[^\s\u0000-\u0020\u0085\u00a0][^\u0000]*$"
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
LARGEST_ID = 2**63 - 1


class Body(serializers.Serializer[Any]):
    """Members that are described; any other is refused by its name."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping) and (unknown := [name for name in data if name not in self.fields]):
            raise serializers.ValidationError({name: ["There is no such member."] for name in unknown})
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class Query(serializers.Serializer[Any]):
    """The part of an address behind the question mark; each name once."""

    def to_internal_value(self, data: QueryDict) -> dict[str, Any]:
        faults = {name: ["There is no such filter."] for name in data if name not in self.fields}
        faults |= {name: ["Give it once."] for name in data if len(data.getlist(name)) > 1}
        if faults:
            raise serializers.ValidationError(faults)
        values: dict[str, Any] = super().to_internal_value(data.dict())
        return values


class Text(serializers.CharField):
    """Text as it was sent; not blank unless `allow_blank`, and then nothing but blanks is allowed too."""

    def __init__(self, *, allow_blank: bool = False, pattern: str = "", **kwargs: Any) -> None:
        self.may_be_blank = allow_blank
        self.pattern = pattern
        # REST framework's own would be described as a second form beside ours.
        super().__init__(allow_blank=False, trim_whitespace=False, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data == "" and self.may_be_blank:
            return ""
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if UNSPEAKABLE.search(data):
            raise serializers.ValidationError("This holds a character that is no text.")
        if not self.may_be_blank and not VISIBLE.search(data):
            self.fail("blank")
        if self.pattern and not re.fullmatch(self.pattern, data):
            raise serializers.ValidationError(f"This does not look like {self.pattern}.")
        return data


class Line(Text):
    """Text in one line; blanks around it are nobody's intention."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return value.strip() if isinstance(value, str) else value


class Whole(serializers.IntegerField):
    """A whole number, as JSON writes it: neither a text nor a truth value."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer():
            data = int(data)  # 1.0 is one, says JSON Schema
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(data)


class Flag(serializers.BooleanField):
    """True or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class Word(serializers.ChoiceField):
    """One of a few words."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Moment(serializers.DateTimeField):
    """A time with its offset: without one it would be somebody's guess which clock is meant."""

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not MOMENT.fullmatch(value):
            raise serializers.ValidationError("Give a time with its offset, as in 2026-03-14T15:00:00+01:00.")
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise serializers.ValidationError("The calendar has no such moment.") from None


class NumberInQuery(serializers.IntegerField):
    """A whole number in an address, written in digits and nothing else."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,19}", str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class _DescribedBody(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = Body
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        described: dict[str, Any] = auto_schema._map_serializer(  # noqa: SLF001 - documented for extensions
            self.target, direction, bypass_extensions=True
        )
        return {**described, "additionalProperties": False}


class _DescribedText(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = Text
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        field: Text = self.target
        described: dict[str, Any] = {"type": "string"}
        if field.max_length is not None:
            described["maxLength"] = field.max_length
        if field.pattern:
            described["pattern"] = f"^{field.pattern}$"
        else:
            described["pattern"] = SPEAKABLE_PATTERN if field.may_be_blank else VISIBLE_PATTERN
        return described
