"""A contestant's token for the API. It names a registration, the key and the key's epoch.

Contestants are not users (ADR 0002): this token opens nothing of the staff's, and no staff token is taken
for it. Key and epoch are checked at each call, so revoking a key ends its tokens at once.
"""

from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from apps.access.selectors.entry import SignedIn, get_signed_in
from apps.core.api import ApiView
from apps.core.errors import RuleViolation

SCHEME = "Bearer"
# How long after the paper's end the receipt can still be fetched, and how long a token lives at least.
AFTER_THE_END = timedelta(hours=1)


class SignedOut(RuleViolation):
    """The token is not ours or too old, or its key was revoked or its sessions ended."""

    message = "Enter your key again."
    code = "signed_out"
    status = 401


class ContestantToken(Token):
    """Signed like the staff's, of a type of its own; there is no refresh, one enters the key again."""

    token_type = "contestant"  # noqa: S105 - a name, no secret
    lifetime = AFTER_THE_END

    @classmethod
    def issue(
        cls, *, key_id: int, epoch: int, registration_id: int, ends_at: datetime, now: datetime
    ) -> "ContestantToken":
        """A token until an hour after `ends_at`, the paper's end."""
        token = cls()
        token["key"], token["epoch"], token["registration"] = key_id, epoch, registration_id
        token.set_exp(from_time=max(ends_at, now), lifetime=AFTER_THE_END)
        return token

    @property
    def expires_at(self) -> int:
        """As `exp` says it, in seconds since 1970."""
        return int(self["exp"])


class ContestantAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` with a contestant's token; one query."""

    def authenticate(self, request: Request) -> tuple[Any, ContestantToken] | None:
        scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
        if scheme != SCHEME:
            return None
        try:
            token = ContestantToken(raw)  # type: ignore[arg-type]  # their annotation names the class, they take text
            named = {name: int(token[name]) for name in ("key", "epoch", "registration")}
        except (TokenError, KeyError, TypeError, ValueError):
            raise AuthenticationFailed(SignedOut.message, SignedOut.code) from None
        contestant = get_signed_in(
            key_id=named["key"], epoch=named["epoch"], registration_id=named["registration"]
        )
        if contestant is None or contestant.registration_id is None:
            raise AuthenticationFailed(SignedOut.message, SignedOut.code)
        return contestant, token

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class ContestantScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """How the schema names a contestant's token."""

    target_class = ContestantAuthentication
    name = "contestant"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class IsContestant(BasePermission):
    """Let contestants in, nobody else."""

    message = "Enter your key first."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, SignedIn)


class ContestantView(ApiView):
    """A view of the API for contestants."""

    guard = "token"
    authentication_classes = [ContestantAuthentication]
    permission_classes = [IsContestant]


def contestant_of(request: Request) -> SignedIn:
    """The contestant behind `IsContestant`."""
    user: Any = request.user
    assert isinstance(user, SignedIn)  # noqa: S101 - the permission let nobody else in
    return user
