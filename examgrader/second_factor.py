"""The second step of signing in: a code from one's own device, where the operator requires it of all staff.

Between the password and the code somebody is nobody to the rest of the product: `request.user` is anonymous,
so that no page, whatever its guard, has to know of this step. Only the pages here look at who it may be.
"""

from base64 import b32encode
from binascii import unhexlify
from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

BACKUP_CODES = 10
ENROL_KEY = "enrol_key"  # in the session, until the device has shown a code


class SecondFactorMiddleware:
    """Where a second factor is required, whoever has not shown one is anonymous; looked up when asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.REQUIRE_OTP:
            by_password = request.user
            request.by_password = by_password  # type: ignore[attr-defined]
            request.user = SimpleLazyObject(  # type: ignore[assignment]
                lambda: by_password if has_shown_device(request, by_password) else AnonymousUser()
            )
        return self.get_response(request)


def has_shown_device(request: HttpRequest, user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether this session showed a code of a device that the user still has."""
    shown = request.session.get(DEVICE_ID_SESSION_KEY) if user.is_authenticated else None
    device = Device.from_persistent_id(shown) if shown else None
    return device is not None and device.user_id == user.pk and device.confirmed


def half_signed_in(request: HttpRequest) -> Any:
    """Who gave the right password here, while the second step is still to come; else None."""
    if not settings.REQUIRE_OTP or request.user.is_authenticated:
        return None
    user = request.by_password  # type: ignore[attr-defined]
    return user if user.is_authenticated else None


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )

    def clean_code(self) -> str:
        """As people copy it: in groups, in capitals."""
        return "".join(str(self.cleaned_data["code"]).split()).replace("-", "").lower()


@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for a code of the device, or for one of the backup codes."""
    user = half_signed_in(request)
    if user is None:
        return nothing_to_do(request)
    if "start_over" in request.POST:
        logout(request)
        return redirect("admin:login")
    if not TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        return redirect(with_next(request, "admin:enrol"))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        device = device_that_showed(user, form.cleaned_data["code"])
        if device is not None:
            complete(request, device)
            return redirect(wanted_page(request))
        form.add_error("code", "This code is not right, or it was used. Wait for the next one and try again.")
    return step_page(request, "admin/second_step.html", {"title": "Your code", "form": form, "person": user})


@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Tie a device to the account: it reads the QR code and proves it by a first code."""
    user = half_signed_in(request)
    if user is None:
        return nothing_to_do(request)
    if TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        return redirect(with_next(request, "admin:second_step"))
    key = request.session.setdefault(ENROL_KEY, random_hex(20))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        codes = tie_device(request, user, key, form.cleaned_data["code"])
        if codes is not None:
            told = {"title": "Your backup codes", "codes": codes, "go_on": wanted_page(request)}
            return step_page(request, "admin/backup_codes.html", told)
        form.add_error("code", "This is not the code that the device shows now. Is its clock right?")
    secret = b32encode(unhexlify(key)).decode()
    context: dict[str, Any] = {
        "title": "Tie your device to your account",
        "form": form,
        "person": user,
        "qr": qr_code(TOTPDevice(user=user, key=key).config_url),
        "secret": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
    }
    return step_page(request, "admin/enrol.html", context)


def device_that_showed(user: Any, code: str) -> Device | None:
    """The device whose code this is. Six digits are a device's; each kind slows guessing of its own codes."""
    is_device = len(code) == 6 and code.isascii() and code.isdigit()  # noqa: PLR2004
    with transaction.atomic():
        kind = TOTPDevice if is_device else StaticDevice
        # Under a lock: no code counts twice, and guesses that come at once are counted one by one.
        for device in kind.objects.select_for_update().filter(user=user, confirmed=True):
            if device.verify_token(code if is_device else digest(code)):
                return device
    return None


def tie_device(request: HttpRequest, user: Any, key: str, code: str) -> list[str] | None:
    """Keep the device if this is its code; its ten backup codes are told once."""
    proof = TOTP(unhexlify(key))
    if not (code.isascii() and code.isdigit() and proof.verify(int(code), tolerance=1)):
        return None
    codes = [StaticToken.random_token() for _ in range(BACKUP_CODES)]
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        device = TOTPDevice.objects.create(
            user=user, name="device", key=key, last_t=proof.t(), drift=proof.drift
        )
        backup = StaticDevice.objects.create(user=user, name="backup codes")
        backup.token_set.bulk_create(StaticToken(device=backup, token=digest(one)) for one in codes)
    complete(request, device)
    del request.session[ENROL_KEY]
    return [f"{one[:4]} {one[4:]}" for one in codes]


def digest(code: str) -> str:
    """Backup codes are passwords: only their digests are kept, as long as django-otp's column is."""
    return salted_hmac("examgrader.backup-code", code, algorithm="sha256").hexdigest()[:16]


def complete(request: HttpRequest, device: Device) -> None:
    request.session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    request.session.cycle_key()  # somebody else now: an identifier seen before the step is worth nothing


def qr_code(address: str) -> str:
    """As SVG with attributes only; black on white in the dark scheme too, for cameras."""
    drawn: str = segno.make(address, error="m", micro=False).svg_inline(
        border=4, omitsize=True, dark="#000000", light="#ffffff", svgclass="door-qr", lineclass=None
    )
    return drawn


def nothing_to_do(request: HttpRequest) -> HttpResponse:
    """The step was done, or no password was given; without the requirement there is no such page."""
    if not settings.REQUIRE_OTP:
        raise Http404
    return redirect(wanted_page(request) if request.user.is_authenticated else "admin:login")


def wanted_page(request: HttpRequest) -> str:
    page = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if safe else reverse("admin:index")


def with_next(request: HttpRequest, route: str) -> str:
    return f"{reverse(route)}?{urlencode({'next': wanted_page(request)})}"


def step_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    site = {"site_header": admin.site.site_header, "site_title": admin.site.site_title}
    return render(request, template, {**site, **context})
