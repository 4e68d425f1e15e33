"""Tokens for the staff's programs: short to use, longer to renew, each renewal ends the one before."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import AbstractUser
from django_otp import match_token
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from apps.core.api import ApiView
from apps.core.bodies import Text
from apps.core.errors import RuleViolation
from apps.core.problems import Invalid, refusals
from apps.exams.api.base import SignedOut
from apps.exams.gate import is_active_staff


class NotSignedIn(RuleViolation):
    """Not which of the two it was."""

    message = "This user name and password do not open anything."
    code = "wrong_password"
    status = 401


class CodeMissing(RuleViolation):
    """A second factor is required of staff, and no code of one of the user's devices came along."""

    message = "Send the code that your device shows now as `otp`."
    code = "otp_required"
    status = 401


class LockedOut(RuleViolation):
    """For the schema; the answer is made where the console's is (examgrader/lockout.py)."""

    message = "Too many wrong passwords. Try again later."
    code = "locked_out"
    status = 429


class CredentialsSerializer(serializers.Serializer[Any]):
    username = Text(allow_blank=True, max_length=150)
    password = Text(allow_blank=True, max_length=4096)
    otp = Text(
        allow_blank=True,
        max_length=20,
        required=False,
        help_text="The device's code, where a second factor is required.",
    )


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = Text(allow_blank=True)


class TokensSerializer(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class TokenView(ApiView):
    guard = "public"
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]


class IssueToken(TokenView):
    """`POST /api/v1/token/`"""

    @extend_schema(
        operation_id="token",
        summary="Sign in as staff",
        request=CredentialsSerializer,
        responses={200: TokensSerializer, **refusals(Invalid, NotSignedIn, CodeMissing, LockedOut)},
    )
    def post(self, request: Request) -> Response:
        asked = CredentialsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        # The lock against guessing marks the request that Django knows, for its middleware to see.
        code = asked.validated_data.pop("otp", "")
        user = authenticate(request._request, **asked.validated_data)  # noqa: SLF001
        if not is_active_staff(user):
            raise NotSignedIn
        if settings.REQUIRE_OTP and match_token(user, code) is None:
            raise CodeMissing
        return Response(pair_for(user))


class RenewToken(TokenView):
    """`POST /api/v1/token/refresh/`"""

    @extend_schema(
        operation_id="renew_token",
        summary="A new pair of tokens; the refresh token that was sent is used up",
        request=RefreshSerializer,
        responses={200: TokensSerializer, **refusals(Invalid, SignedOut)},
    )
    def post(self, request: Request) -> Response:
        asked = RefreshSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(renewed(asked.validated_data["refresh"]))


def pair_for(user: AbstractUser) -> dict[str, str]:
    refresh = RefreshToken.for_user(user)
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


def renewed(raw: str) -> dict[str, str]:
    """A new pair, once, for who is still staff and has not changed the password since."""
    try:
        refresh = RefreshToken(raw)  # type: ignore[arg-type]  # their annotation names the class, they take text
    except TokenError:
        raise SignedOut from None
    user = get_user_model().objects.filter(pk=refresh["user_id"]).first()
    if not is_active_staff(user):
        raise SignedOut
    if refresh.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise SignedOut
    used: Any = refresh.blacklist()  # a pair, as get_or_create gives it; their annotation says less
    if not used[1]:
        raise SignedOut  # somebody used it at the same moment
    return pair_for(user)
