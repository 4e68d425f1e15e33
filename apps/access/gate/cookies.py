"""The contestant's cookies and the guard before every page of theirs.

Two cookies: one survives a crash of the browser and says which key entered; the other lives as long as the
browser is open and says that whoever sits there confirmed to be that contestant. With the first alone the
entry page asks whom it belongs to. Saving is not behind this guard (it has a token of its own), so nothing
a contestant writes waits for an answer to that question.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from apps.access.selectors.entry import SignedIn, get_signed_in
from apps.core import guards, signing
from apps.core.problems import problem

SALT = "access.contestant"
SALT_HERE = "access.contestant-here"
COOKIE_LIFETIME = timedelta(hours=24)
# Renewed while in use, so that a paper of several days does not end for the cookie's sake.
RENEWED_AFTER = timedelta(hours=1)


class ContestantRequest(HttpRequest):
    """A request that passed `contestant_required`."""

    contestant: SignedIn


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the cookies of this browser say; only the database knows whether the key still opens.

    `confirmed` is False when only the lasting cookie is left: somebody came back, or somebody else came.
    """

    key_id: int
    epoch: int
    registration_id: int
    confirmed: bool
    sealed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """A claim that the database agreed with."""

    contestant: SignedIn
    confirmed: bool


class Reading(Protocol):
    """What a page reads in the statement that checks its contestant."""

    @property
    def contestant(self) -> SignedIn: ...


Read_co = TypeVar("Read_co", bound=Reading, covariant=True)


class Reader(Protocol[Read_co]):
    """Asks the database for a claim's contestant and more; None if the key no longer opens anything."""

    def __call__(self, *, key_id: int, epoch: int, registration_id: int) -> Read_co | None: ...


def contestant_reading(
    read: Reader[Reading],
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """`contestant_required` for a page whose own statement checks the contestant.

    The view gets what was read as its second argument. Whoever has not confirmed whose browser it is, is
    asked first: for them nothing is read, and nothing done.
    """

    def guard(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @guards.guarded_by("contestant")
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            now = timezone.now()
            claim = claim_of(request, now=now)
            if claim is None or not claim.confirmed:
                known = claim is not None and signed_in_by(claim) is not None
                return turned_away(request, known=known)
            found = read(key_id=claim.key_id, epoch=claim.epoch, registration_id=claim.registration_id)
            if found is None:
                return turned_away(request, known=False)
            request.contestant = found.contestant  # type: ignore[attr-defined]
            response = view(request, found, *args, **kwargs)
            if now - claim.sealed_at > RENEWED_AFTER and cookie_name() not in getattr(
                response, "cookies", {}
            ):
                renew(response, found.contestant, now=now)
            return response

        return guarded

    return guard


@dataclass(frozen=True)
class ContestantAlone:
    """A reading of nothing but who it is."""

    contestant: SignedIn


def read_contestant(*, key_id: int, epoch: int, registration_id: int) -> ContestantAlone | None:
    contestant = get_signed_in(key_id=key_id, epoch=epoch, registration_id=registration_id)
    return None if contestant is None else ContestantAlone(contestant)


def contestant_required(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Let a signed-in contestant in; send everybody else to the entry page (programs get a 401)."""

    @contestant_reading(read_contestant)
    @wraps(view)
    def without_reading(
        request: HttpRequest, _: ContestantAlone, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    return without_reading


def remembered(request: HttpRequest, *, now: datetime) -> Remembered | None:
    """Whom this browser belongs to, by one query; None if nobody, or if the key no longer opens anything."""
    claim = claim_of(request, now=now)
    contestant = None if claim is None else signed_in_by(claim)
    if claim is None or contestant is None:
        return None
    return Remembered(contestant=contestant, confirmed=claim.confirmed)


def claim_of(request: HttpRequest, *, now: datetime) -> Claim | None:
    """What the cookies say, without a query; None without a lasting cookie of ours that is young enough."""
    sealed = signing.unseal(SALT, request.COOKIES.get(cookie_name(), ""))
    numbers = sealed.numbers() if sealed else None
    if sealed is None or numbers is None or now - sealed.sealed_at > COOKIE_LIFETIME:
        return None
    key_id, epoch, registration_id = numbers
    here = signing.unseal(SALT_HERE, request.COOKIES.get(cookie_here_name(), ""))
    return Claim(
        key_id=key_id,
        epoch=epoch,
        registration_id=registration_id,
        confirmed=here is not None and here.numbers() == (key_id, epoch),
        sealed_at=sealed.sealed_at,
    )


def signed_in_by(claim: Claim) -> SignedIn | None:
    return get_signed_in(key_id=claim.key_id, epoch=claim.epoch, registration_id=claim.registration_id)


def sign_in(
    response: HttpResponseBase, *, key_id: int, epoch: int, registration_id: int | None, now: datetime
) -> None:
    """Set both cookies; also to choose another exam of the same key."""
    set_cookie(
        response,
        cookie_name(),
        signing.seal(SALT, key_id, epoch, registration_id or 0, now=now),
        max_age=COOKIE_LIFETIME,
    )
    set_cookie(response, cookie_here_name(), signing.seal(SALT_HERE, key_id, epoch, now=now), max_age=None)


def sign_out(response: HttpResponseBase) -> None:
    """Forget the contestant on this device; the key stays valid."""
    for name in (cookie_name(), cookie_here_name()):
        set_cookie(response, name, "", max_age=timedelta(0))


def renew(response: HttpResponseBase, contestant: SignedIn, *, now: datetime) -> None:
    sign_in(
        response,
        key_id=contestant.key_id,
        epoch=contestant.epoch,
        registration_id=contestant.registration_id,
        now=now,
    )


def set_cookie(response: HttpResponseBase, name: str, value: str, *, max_age: timedelta | None) -> None:
    # The __Host- prefix over https asks for exactly this: Secure, the path "/", no domain.
    response.set_cookie(
        name, value, max_age=max_age, secure=settings.IS_HTTPS, httponly=True, samesite="Lax", path="/"
    )


def turned_away(request: HttpRequest, *, known: bool) -> HttpResponse:
    """To the entry page, which either asks whom the browser belongs to or for the key again."""
    if wants_json(request):
        return problem(401, "signed_out", "Enter your key again.")
    return HttpResponseRedirect(reverse("access:entry", query=None if known else {"again": 1}))


def wants_json(request: HttpRequest) -> bool:
    return (
        request.content_type == "application/json"
        or request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    )


def cookie_name() -> str:
    name: str = settings.CONTESTANT_COOKIE_NAME
    return name


def cookie_here_name() -> str:
    return f"{settings.CONTESTANT_COOKIE_NAME}-here"
