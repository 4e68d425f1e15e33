"""The time blocks of an exam."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.problems import Invalid, NotFound
from apps.exams.api.base import StaffList, StaffView, list_refusals, staff_refusals
from apps.exams.api.shapes import ConsentQuery, TimeBlockBody, TimeBlockQuery, TimeBlockSerializer
from apps.exams.api.writing import TakenMeanwhile, ValuesRefused, at_the_same_moment, consent_of, fit
from apps.exams.gate import exam_for, staff_of
from apps.exams.models import Exam, TimeBlock
from apps.exams.rules import roles
from apps.exams.services import changing, saving


class TimeBlockList(StaffList[TimeBlock]):
    """`GET` and `POST /api/v1/exams/{id}/time-blocks/`"""

    serializer_class = TimeBlockSerializer
    query = TimeBlockQuery

    @extend_schema(
        operation_id="time_blocks",
        summary="When an exam may be taken",
        parameters=[TimeBlockQuery],
        responses={200: TimeBlockSerializer(many=True), **list_refusals()},
    )
    def get(self, request: Request, exam_id: int) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="add_time_block",
        summary="Add a time block",
        request=TimeBlockBody,
        responses={
            201: OpenApiResponse(TimeBlockSerializer, "It is there."),
            **staff_refusals(Invalid, ValuesRefused, NotFound, TakenMeanwhile),
        },
    )
    def post(self, request: Request, exam_id: int) -> Response:
        exam = exam_for(request, exam_id, roles.EDIT)
        asked = TimeBlockBody(data=request.data)
        asked.is_valid(raise_exception=True)
        written = write(request, TimeBlock(exam=exam), asked.validated_data)
        return Response(TimeBlockSerializer(written).data, status=201)

    def get_queryset(self) -> QuerySet[TimeBlock]:
        exam = exam_for(self.request, self.kwargs["exam_id"], roles.VIEW)
        return TimeBlock.objects.filter(exam=exam, **self.filters()).select_related("exam")


class TimeBlockDetail(StaffView):
    """`GET`, `PATCH` and `DELETE /api/v1/exams/{id}/time-blocks/{block}/`"""

    @extend_schema(
        operation_id="time_block",
        summary="One time block",
        responses={200: TimeBlockSerializer, **staff_refusals(NotFound)},
    )
    def get(self, request: Request, exam_id: int, block_id: int) -> Response:
        exam = exam_for(request, exam_id, roles.VIEW)
        return Response(TimeBlockSerializer(block_of(exam, block_id)).data)

    @extend_schema(
        operation_id="change_time_block",
        summary="Change some members of a time block; papers already started keep their deadline",
        request=TimeBlockBody,
        responses={
            200: TimeBlockSerializer,
            **staff_refusals(Invalid, ValuesRefused, NotFound, changing.ChangeUnconfirmed, TakenMeanwhile),
        },
    )
    def patch(self, request: Request, exam_id: int, block_id: int) -> Response:
        block = block_of(exam_for(request, exam_id, roles.EDIT), block_id)
        asked = TimeBlockBody(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        return Response(TimeBlockSerializer(write(request, block, asked.validated_data)).data)

    @extend_schema(
        operation_id="remove_time_block",
        summary="Take out a time block for which nobody is registered",
        parameters=[ConsentQuery],
        responses={
            204: OpenApiResponse(None, "It is gone."),
            **staff_refusals(Invalid, NotFound, changing.ChangeUnconfirmed, saving.TimeBlockInUse),
        },
    )
    def delete(self, request: Request, exam_id: int, block_id: int) -> Response:
        block = block_of(exam_for(request, exam_id, roles.EDIT), block_id)
        asked = ConsentQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data.get("confirm") == "true"
        consent = changing.Consent(given, asked.validated_data.get("reason", ""))
        with at_the_same_moment():
            saving.remove_time_block(block_id=block.pk, actor=staff_of(request), consent=consent)
        return Response(status=204)


def block_of(exam: Exam, block_id: int) -> TimeBlock:
    block = TimeBlock.objects.filter(exam=exam, pk=block_id).select_related("exam").first()
    if block is None:
        raise NotFound
    return block


def write(request: Request, block: TimeBlock, values: dict[str, Any]) -> TimeBlock:
    consent = consent_of(values)
    fit(block, values)
    with at_the_same_moment():
        return saving.save_time_block(block=block, fields=values, actor=staff_of(request), consent=consent)
