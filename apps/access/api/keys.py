"""Issuing keys, whose plaintext is told this once, and revoking them."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.services import issuing, revoking
from apps.access.services.issuing import IssuedKey
from apps.core.bodies import Body, Line, Whole
from apps.core.problems import Invalid, NotFound
from apps.exams.api.base import StaffView, staff_refusals
from apps.exams.api.writing import ValuesRefused
from apps.exams.gate import exam_for, staff_of
from apps.exams.rules import roles


class WantedKeysSerializer(Body):
    count = Whole(
        required=False,
        min_value=1,
        max_value=issuing.MOST_KEYS,
        help_text="For contestants who are only a number.",
    )
    registrations = serializers.ListField(
        child=Whole(min_value=1),
        required=False,
        max_length=issuing.MOST_KEYS,
        help_text="Registrations of this exam that have no key yet.",
    )
    time_block = Line(max_length=60, required=False, help_text="With `count`, where there are several.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("count" in attrs) == ("registrations" in attrs):
            raise ValuesRefused({"together": ["Give either a count or registrations."]})
        return attrs


class IssuedKeySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    number = serializers.CharField()
    key = serializers.CharField()


class IssuedKeysSerializer(serializers.Serializer[Any]):
    batch = serializers.IntegerField()
    keys = IssuedKeySerializer(many=True)


class RevocationSerializer(Body):
    ids = serializers.ListField(child=Whole(min_value=1), min_length=1, max_length=issuing.MOST_KEYS)
    reason = Line(max_length=revoking.LONGEST_REASON)


class RevokedSerializer(serializers.Serializer[Any]):
    revoked = serializers.IntegerField()


class IssueKeys(StaffView):
    """`POST /api/v1/exams/{id}/keys/`"""

    expensive = ("POST",)

    @extend_schema(
        operation_id="issue_keys",
        summary="Issue keys; they are told once",
        request=WantedKeysSerializer,
        responses={
            201: OpenApiResponse(IssuedKeysSerializer, "The keys, for the only time."),
            **staff_refusals(
                Invalid,
                ValuesRefused,
                NotFound,
                issuing.KeyCountOutOfRange,
                issuing.NobodyWithoutKey,
                issuing.RegistrationUnknown,
                issuing.TimeBlockUnclear,
            ),
        },
    )
    def post(self, request: Request, exam_id: int) -> Response:
        exam, actor = exam_for(request, exam_id, roles.MANAGE_PEOPLE), staff_of(request)
        wanted = WantedKeysSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        if "count" in asked:
            issued = issuing.issue_anonymous_keys(
                exam_id=exam.pk,
                count=asked["count"],
                time_block=asked.get("time_block", ""),
                actor=actor,
                now=timezone.now(),
            )
        else:
            issued = issuing.issue_keys_for(
                exam_id=exam.pk,
                registration_ids=asked["registrations"],
                replace=False,
                actor=actor,
                now=timezone.now(),
            )
        return Response(issued_tree(issued), status=201)


class RevokeKeys(StaffView):
    """`POST /api/v1/exams/{id}/keys/revoke/`"""

    @extend_schema(
        operation_id="revoke_keys",
        summary="Revoke keys; the work written under them stays",
        request=RevocationSerializer,
        responses={
            200: RevokedSerializer,
            **staff_refusals(Invalid, NotFound, revoking.KeyUnknown, revoking.ReasonMissing),
        },
    )
    def post(self, request: Request, exam_id: int) -> Response:
        exam, actor = exam_for(request, exam_id, roles.MANAGE_PEOPLE), staff_of(request)
        asked = RevocationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        revoked = revoking.revoke_keys(
            exam_id=exam.pk,
            chosen=revoking.ByIds(asked.validated_data["ids"]),
            reason=asked.validated_data["reason"],
            actor=actor,
            now=timezone.now(),
        )
        return Response({"revoked": revoked})


def issued_tree(issued: list[IssuedKey]) -> dict[str, Any]:
    keys = [{"id": one.id, "number": one.number, "key": one.key} for one in issued]
    return {"batch": issued[0].batch, "keys": keys}
