"""The contestant's own result."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.gate import ContestantView, SignedOut, contestant_of
from apps.core.problems import NotFound, refusals
from apps.grading.enums import Standing
from apps.grading.selectors.results import get_result


class OwnProblemSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    kind = serializers.CharField()
    max_points = serializers.CharField()
    points = serializers.CharField(allow_null=True, help_text="Null: none were given.")
    counted = serializers.BooleanField()
    answer = serializers.CharField(allow_blank=True)
    comment = serializers.CharField(allow_blank=True)


class OwnResultSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(Standing.choices)
    rank = serializers.IntegerField(allow_null=True)
    shared_by = serializers.IntegerField()
    ranked_count = serializers.IntegerField()
    total = serializers.DecimalField(max_digits=10, decimal_places=2, allow_null=True, normalize_output=True)
    max_total = serializers.DecimalField(max_digits=10, decimal_places=2, normalize_output=True)
    published_at = serializers.DateTimeField()
    problems = OwnProblemSerializer(many=True)


class MyResult(ContestantView):
    """`GET /api/v1/me/result/`"""

    @extend_schema(
        operation_id="result",
        summary="The contestant's published result",
        responses={200: OwnResultSerializer, **refusals(SignedOut, NotFound)},
    )
    def get(self, request: Request) -> Response:
        who = contestant_of(request)
        found = None
        if who.exam_id is not None and who.registration_id is not None:
            found = get_result(who.exam_id, who.registration_id)
        if found is None:
            raise NotFound  # not published, or withdrawn: alike
        return Response(OwnResultSerializer(found).data)
