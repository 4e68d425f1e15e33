"""Exams: reading them, making one from a tree, changing one, and its status."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.formats import BodyTooLarge
from apps.core.markup import MarkupError
from apps.core.problems import Invalid, NotFound
from apps.exams.api.base import StaffList, StaffView, list_refusals, staff_refusals
from apps.exams.api.shapes import ExamBody, ExamQuery, ExamSerializer, StatusBody
from apps.exams.api.tree import EXAMPLE, TREE
from apps.exams.api.writing import (
    BY_TABLE,
    TakenMeanwhile,
    ValuesRefused,
    at_the_same_moment,
    consent_of,
    fit,
)
from apps.exams.enums import ExamStatus
from apps.exams.gate import exam_for, staff_of
from apps.exams.models import Exam
from apps.exams.rules import documents, roles
from apps.exams.services import changing, editing, importing, lifecycle, saving


class TreeAsWritten(BaseParser):
    """The body as it is: the reader of files takes numbers as written and finds a key that repeats."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        data: bytes = stream.read(documents.MAX_BYTES + 1)
        if len(data) > documents.MAX_BYTES:
            raise BodyTooLarge
        return data


class ExamList(StaffList[Exam]):
    """`GET` and `POST /api/v1/exams/`"""

    serializer_class = ExamSerializer
    parser_classes = [TreeAsWritten]
    query = ExamQuery
    expensive = ("POST",)

    @extend_schema(
        operation_id="exams",
        summary="The exams in which one has a role",
        parameters=[ExamQuery],
        responses={200: ExamSerializer(many=True), **list_refusals()},
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="import_exam",
        summary="Make an exam from the tree that a file would hold; it opens by its times",
        description="For who may add exams in the console; whoever makes one organises it.",
        request={"application/json": TREE},
        examples=[OpenApiExample("an exam", EXAMPLE, request_only=True)],
        responses={
            201: OpenApiResponse(ExamSerializer, "It is there, and ready."),
            **staff_refusals(importing.ExamFileInvalid, importing.ExamExists, TakenMeanwhile),
        },
    )
    def post(self, request: Request) -> Response:
        user = staff_of(request)
        if not user.has_perm("exams.add_exam"):
            raise PermissionDenied
        sent: Any = request.data  # nothing at all arrives as an empty mapping
        with at_the_same_moment():
            imported = importing.import_exam_file(
                data=sent if isinstance(sent, bytes) else b"",
                name="exam.json",
                beside={},
                actor=user,
                now=timezone.now(),
            )
        return Response(ExamSerializer(Exam.objects.get(slug=imported.slug)).data, status=201)

    def get_queryset(self) -> QuerySet[Exam]:
        exams = Exam.objects.visible_to(staff_of(self.request)).filter(**self.filters())
        return exams.prefetch_related("time_blocks__exam")


class ExamDetail(StaffView):
    """`GET` and `PATCH /api/v1/exams/{id}/`"""

    @extend_schema(
        operation_id="exam",
        summary="One exam",
        responses={200: ExamSerializer, **staff_refusals(NotFound)},
    )
    def get(self, request: Request, exam_id: int) -> Response:
        return Response(ExamSerializer(exam_for(request, exam_id, roles.VIEW)).data)

    @extend_schema(
        operation_id="change_exam",
        summary="Change some members of an exam",
        request=ExamBody,
        responses={
            200: ExamSerializer,
            **staff_refusals(Invalid, ValuesRefused, NotFound, *BY_TABLE, TakenMeanwhile),
        },
    )
    def patch(self, request: Request, exam_id: int) -> Response:
        exam = exam_for(request, exam_id, roles.EDIT)
        asked = ExamBody(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        values, faults = asked.validated_data, {}
        consent = consent_of(values)
        if "instructions" in values:
            try:
                exam.instructions_html = editing.render_text(
                    values["instructions"], editing.figure_addresses(exam.pk), top_heading=2
                ).html
            except MarkupError as refusal:
                faults = {"instructions": [str(refusal)]}
        fit(exam, values, faults=faults)
        with at_the_same_moment():
            saving.save_exam(exam=exam, fields=values, actor=staff_of(request), consent=consent)
        return Response(ExamSerializer(Exam.objects.get(pk=exam.pk)).data)


class SetStatus(StaffView):
    """`POST /api/v1/exams/{id}/status/`"""

    @extend_schema(
        operation_id="set_status",
        summary="Make an exam ready, close it, or make it a draft again",
        request=StatusBody,
        responses={
            200: ExamSerializer,
            **staff_refusals(
                Invalid, NotFound, lifecycle.ExamIncomplete, lifecycle.StillRunning, changing.ChangeRefused
            ),
        },
    )
    def post(self, request: Request, exam_id: int) -> Response:
        exam, actor, now = exam_for(request, exam_id, roles.EDIT), staff_of(request), timezone.now()
        asked = StatusBody(data=request.data)
        asked.is_valid(raise_exception=True)
        consent = consent_of(asked.validated_data)
        match asked.validated_data["status"]:
            case ExamStatus.READY:
                lifecycle.make_ready(exam_id=exam.pk, actor=actor, now=now)
            case ExamStatus.CLOSED:
                lifecycle.close_exam(exam_id=exam.pk, actor=actor, now=now, consent=consent)
            case ExamStatus.DRAFT:
                lifecycle.return_to_draft(exam_id=exam.pk, actor=actor)
        return Response(ExamSerializer(Exam.objects.get(pk=exam.pk)).data)
