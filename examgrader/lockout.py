"""What django-axes asks us: where a sign-in comes from, and what to say to whoever is locked out."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.core.counting import counted
from apps.core.problems import problem
from apps.core.throttle import UNKNOWN, client_address

API = "/api/"


def address(request: HttpRequest) -> str | None:
    """The client's address, as far as our own proxies vouch for it; None where there is none."""
    known = client_address(request)
    return None if known == UNKNOWN else known


def locked_out(
    request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None
) -> HttpResponse:
    """A calm page that says for how long; it stands wherever a password was asked."""
    minutes = minutes_left(
        username=(credentials or {}).get("username"), address=address(request), now=timezone.now()
    )
    if request.path.startswith(API):
        told = f"Too many wrong passwords. Try again in {counted(minutes, 'minute')}."
        return after(minutes, problem(429, "locked_out", told))
    page = render(
        request,
        "admin/locked_out.html",
        {
            "title": "Locked for a while",
            "minutes": minutes,
            "tries": settings.AXES_FAILURE_LIMIT,
            "site_header": admin.site.site_header,
            "site_title": admin.site.site_title,
        },
        status=429,
    )
    return after(minutes, page)


def after(minutes: int, response: HttpResponse) -> HttpResponse:
    response["Retry-After"] = str(60 * minutes)
    return response


def minutes_left(*, username: str | None, address: str | None, now: datetime) -> int:
    """Until the last counted failure is forgotten, rounded up; at least one."""
    attempts = AccessAttempt.objects.filter(username=username, ip_address=address)
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    whole: timedelta = settings.AXES_COOLOFF_TIME
    left = whole if last is None else last + whole - now
    return max(1, ceil(left.total_seconds() / 60))
