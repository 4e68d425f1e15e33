"""Entering with a key: a token for one registration."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.gate import FAILURES, ContestantToken
from apps.access.selectors.entry import find_registration, get_signed_in
from apps.access.services.entry import KeyReplaced, KeyUnknown, redeem_key
from apps.core.api import ApiView
from apps.core.problems import Invalid, NotFound, Throttled, refusals
from apps.core.throttle import client_address
from apps.submissions.api.shapes import EnteredSerializer, KeySerializer, exam_tree
from apps.submissions.selectors.cover import get_cover


class EnterByKey(ApiView):
    """`POST /api/v1/token/key/`"""

    guard = "public"
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="enter_by_key",
        summary="Enter with an access key",
        request=KeySerializer,
        responses={
            200: OpenApiResponse(EnteredSerializer, "A token for one exam of this key."),
            **refusals(Invalid, KeyUnknown, KeyReplaced, NotFound, Throttled),
        },
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        asked = KeySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            redeemed = redeem_key(typed=asked.validated_data["key"], now=now)
        except KeyUnknown:
            # Only failures are counted: whoever has a right key is let in, however many others mistype.
            seconds = FAILURES.count_failure(client_address(request), now=now)
            if seconds is not None:
                raise exceptions.Throttled(seconds) from None
            raise
        exam = asked.validated_data.get("exam")
        registration_id = (
            find_registration(contestant_id=redeemed.contestant_id, exam=exam)
            if exam
            else redeemed.next_registration_id
        )
        if registration_id is None:
            raise NotFound("This key does not open such an exam.")
        contestant = get_signed_in(
            key_id=redeemed.key_id, epoch=redeemed.epoch, registration_id=registration_id
        )
        cover = get_cover(contestant=contestant, now=now) if contestant else None
        if contestant is None or cover is None:
            raise NotFound  # the key or its registration went away at this moment
        token = ContestantToken.issue(
            key_id=redeemed.key_id,
            epoch=redeemed.epoch,
            registration_id=registration_id,
            ends_at=cover.ends_at,
            now=now,
        )
        expires_at = datetime.fromtimestamp(token.expires_at, tz=UTC)
        tree = {"access": str(token), "expires_at": expires_at, **exam_tree(contestant, cover)}
        return Response(EnteredSerializer(tree).data)
