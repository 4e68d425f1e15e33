"""The bodies of exams, problems and time blocks, in and out (CONTRACT, "Exams, keys, results")."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.core.bodies import Body, Flag, Line, Moment, NumberInQuery, Query, Text, Whole, Word
from apps.exams.api.base import PageQuery
from apps.exams.api.writing import LONGEST_REASON, ConsentBody
from apps.exams.enums import ClockKind, ExamStatus, LateStart, ProblemKind, ResultsPolicy
from apps.exams.models import Exam, Problem, TimeBlock
from apps.exams.models.exam import LONGEST_GRACE_SECONDS

SLUG = r"[-a-zA-Z0-9_]{1,60}"
POINTS = r"[0-9]{1,4}(\.[0-9]{1,2})?"
LABEL = r"[^\s:\u0000-\u0020\u0085\u00a0]{1,10}"
MOST_CHOICES = 50
MOST_ACCEPTED = 200


class TimeBlockSerializer(serializers.ModelSerializer[TimeBlock]):
    zone = serializers.CharField(source="zone_name")

    class Meta:
        model = TimeBlock
        fields = ("id", "name", "zone", "opens_at", "last_entry_at", "closes_at")
        read_only_fields = fields


class ExamSerializer(serializers.ModelSerializer[Exam]):
    time_blocks = TimeBlockSerializer(many=True)

    class Meta:
        model = Exam
        fields = (
            "id",
            "slug",
            "title",
            "zone",
            "status",
            "clock",
            "duration_minutes",
            "late_start",
            "grace_seconds",
            "blind",
            "results",
            "instructions",
            "version",
            "first_started_at",
            "time_blocks",
        )
        read_only_fields = fields


class WrittenChoiceSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, as REST framework reads it
    text = serializers.CharField()


class ProblemSerializer(serializers.ModelSerializer[Problem]):
    max_points = serializers.DecimalField(max_digits=6, decimal_places=2, normalize_output=True)
    accepted: Any = serializers.ListField(child=serializers.CharField())
    statement = serializers.CharField(allow_null=True, help_text="As it was written. Null: it has none yet.")
    statement_html = serializers.CharField(allow_null=True, help_text="Null: it has no statement yet.")
    choices = WrittenChoiceSerializer(many=True, allow_null=True)
    note = serializers.CharField(allow_null=True, allow_blank=True)
    statement_version = serializers.IntegerField(allow_null=True)

    class Meta:
        model = Problem
        fields = (
            "id",
            "number",
            "kind",
            "max_points",
            "accepted",
            "statement_version",
            "statement",
            "statement_html",
            "choices",
            "note",
            "solution",
            "solution_html",
            "pages",
            "not_counted",
            "not_counted_reason",
        )
        read_only_fields = fields


class ExamBody(ConsentBody):
    title = Line(max_length=200)
    slug = Line(pattern=SLUG)
    zone = Line(max_length=60, help_text="For example Europe/Berlin.")
    clock = Word(ClockKind.choices)
    duration_minutes = Whole(allow_null=True, min_value=1, max_value=10_080)
    late_start = Word(LateStart.choices)
    grace_seconds = Whole(min_value=0, max_value=LONGEST_GRACE_SECONDS)
    blind = Flag()
    results = Word(ResultsPolicy.choices)
    instructions = Text(allow_blank=True, help_text="Markdown with LaTeX.")


class StatusBody(ConsentBody):
    status = Word(ExamStatus.choices)


class ChoiceBody(Body):
    label = Line(pattern=LABEL)  # type: ignore[assignment]  # a field of that name, as REST framework reads it
    text = Text()


class ProblemBody(ConsentBody):
    number = Whole(min_value=1, max_value=999)
    kind = Word(ProblemKind.choices)
    max_points = Text(pattern=POINTS, help_text="Above 0 and up to 1000.")
    statement = Text(help_text="Markdown with LaTeX; a changed one is a new version.")
    choices = serializers.ListField(child=ChoiceBody(), required=False, max_length=MOST_CHOICES)
    note = Line(required=False, allow_blank=True, max_length=300, help_text="What changed, for contestants.")
    accepted = serializers.ListField(child=Line(max_length=2_000), required=False, max_length=MOST_ACCEPTED)
    solution = Text(required=False, allow_blank=True, help_text="For graders.")
    pages = Flag(required=False)
    not_counted = Flag(required=False)
    not_counted_reason = Line(required=False, allow_blank=True, max_length=300)

    def validate_max_points(self, value: str) -> Decimal:
        return Decimal(value)


class TimeBlockBody(ConsentBody):
    name = Line(max_length=60)
    zone = Line(required=False, allow_blank=True, max_length=60, help_text="Blank: the exam's.")
    opens_at = Moment()
    last_entry_at = Moment(required=False, allow_null=True, help_text="Null: until the block closes.")
    closes_at = Moment()


class ConsentQuery(Query):
    """A DELETE has no body that proxies would let through."""

    confirm = Word([("true", "true"), ("false", "false")], required=False)
    reason = Line(required=False, allow_blank=True, max_length=LONGEST_REASON)


class ExamQuery(PageQuery):
    status = Word(ExamStatus.choices, required=False)
    slug = Line(required=False, pattern=SLUG)


class ProblemQuery(PageQuery):
    number = NumberInQuery(required=False, min_value=1, max_value=999)
    kind = Word(ProblemKind.choices, required=False)


class TimeBlockQuery(PageQuery):
    name = Line(required=False, max_length=60)
