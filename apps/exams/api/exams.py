"""Exams, their problems and their time blocks."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.problems import NotFound, refusals
from apps.exams.api.base import SignedOut, StaffList, StaffView
from apps.exams.gate import exam_for, staff_of
from apps.exams.models import Exam, Problem, StatementVersion, TimeBlock
from apps.exams.rules import roles


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
            "version",
            "first_started_at",
            "time_blocks",
        )
        read_only_fields = fields


class ProblemSerializer(serializers.ModelSerializer[Problem]):
    max_points = serializers.DecimalField(max_digits=6, decimal_places=2, normalize_output=True)
    accepted: Any = serializers.ListField(child=serializers.CharField())
    statement_html = serializers.CharField(allow_null=True, help_text="Null: it has no statement yet.")
    choices = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()), allow_null=True
    )
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
            "statement_html",
            "choices",
            "solution_html",
            "not_counted",
            "not_counted_reason",
        )
        read_only_fields = fields


class ExamList(StaffList[Exam]):
    """`GET /api/v1/exams/`"""

    serializer_class = ExamSerializer

    @extend_schema(
        operation_id="exams",
        summary="The exams in which one has a role",
        responses={200: ExamSerializer(many=True), **refusals(SignedOut, NotFound)},
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Exam]:
        return Exam.objects.visible_to(staff_of(self.request)).prefetch_related("time_blocks__exam")


class ExamDetail(StaffView):
    """`GET /api/v1/exams/{id}/`"""

    @extend_schema(
        operation_id="exam",
        summary="One exam",
        responses={200: ExamSerializer, **refusals(SignedOut, NotFound)},
    )
    def get(self, request: Request, exam_id: int) -> Response:
        return Response(ExamSerializer(exam_for(request, exam_id, roles.VIEW)).data)


class ProblemList(StaffList[Problem]):
    """`GET /api/v1/exams/{id}/problems/`"""

    serializer_class = ProblemSerializer

    @extend_schema(
        operation_id="problems",
        summary="The problems of an exam, with solutions",
        responses={200: ProblemSerializer(many=True), **refusals(SignedOut, NotFound)},
    )
    def get(self, request: Request, exam_id: int) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Problem]:
        exam = exam_for(self.request, self.kwargs["exam_id"], roles.VIEW)
        newest = StatementVersion.objects.filter(problem=OuterRef("pk")).order_by("-version")
        return Problem.objects.filter(exam=exam).annotate(
            statement_html=Subquery(newest.values("html")[:1]),
            choices=Subquery(newest.values("choices")[:1]),
            statement_version=Subquery(newest.values("version")[:1]),
        )


class TimeBlockList(StaffList[TimeBlock]):
    """`GET /api/v1/exams/{id}/time-blocks/`"""

    serializer_class = TimeBlockSerializer

    @extend_schema(
        operation_id="time_blocks",
        summary="When an exam may be taken",
        responses={200: TimeBlockSerializer(many=True), **refusals(SignedOut, NotFound)},
    )
    def get(self, request: Request, exam_id: int) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[TimeBlock]:
        exam = exam_for(self.request, self.kwargs["exam_id"], roles.VIEW)
        return TimeBlock.objects.filter(exam=exam).select_related("exam")
