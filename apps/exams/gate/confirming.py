"""Before what weighs most, whether it is still they who sit there: the password once more."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

View = TypeVar("View", bound=Callable[..., HttpResponse | None])
# When somebody of this session last typed the password, besides signing in; in the session.
CONFIRMED_AT = "confirmed_at"
# On the page that asks: how the page behind it was opened.
ASKED_FOR = "asked_for"
PASSWORD = "password"  # noqa: S105 - a field's name; the one that axes keeps out of its records


def recently_confirmed(act: str) -> Callable[[View], View]:
    """Ask for the password again before `act` ("publish the results"), unless that was done a moment ago.

    Stands behind the check of rights: who may not do it is not asked. The page that asks takes the place of
    the page behind it and carries on what was posted, so that nothing has to be typed or chosen again; files
    it cannot carry. A wrong password counts towards the lock of the sign-in.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> HttpResponse | None:
            request = next(arg for arg in args if isinstance(arg, HttpRequest))
            now = timezone.now()
            asked_for = request.POST.get(ASKED_FOR)
            if not is_confirmed(request, now):
                if asked_for is None:
                    return ask_for_password(request, act)
                if not is_own_password(request):
                    return ask_for_password(request, act, wrong=True)
                request.session.cycle_key()
                request.session[CONFIRMED_AT] = now.timestamp()
            if asked_for == "GET":
                return redirect(request.get_full_path())
            return view(*args, **kwargs)

        return cast("View", guarded)

    return decorate


def is_confirmed(request: HttpRequest, now: datetime) -> bool:
    passed = now.timestamp() - request.session.get(CONFIRMED_AT, 0)
    return bool(0 <= passed < settings.PASSWORD_AGAIN_AFTER.total_seconds())


def is_own_password(request: HttpRequest) -> bool:
    user = authenticate(
        request, username=request.user.get_username(), password=request.POST.get(PASSWORD, "")
    )
    return user is not None and user.pk == request.user.pk


def ask_for_password(request: HttpRequest, act: str, *, wrong: bool = False) -> HttpResponse:
    """The page that asks, at the address of the page behind it."""
    own = (ASKED_FOR, PASSWORD, "csrfmiddlewaretoken")
    context = {
        **admin.site.each_context(request),
        "title": "Please type your password again",
        "act": act,
        "wrong": wrong,
        "minutes": int(settings.PASSWORD_AGAIN_AFTER.total_seconds() // 60),
        "asked_for": request.POST.get(ASKED_FOR, request.method),
        "carried": [
            (name, value) for name, values in request.POST.lists() if name not in own for value in values
        ],
    }
    return render(request, "admin/confirm.html", context)
