"""The console: Django's admin, extended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.core import checks
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from pghistory.middleware import HistoryMiddleware

from examgrader import durability

if TYPE_CHECKING:
    from django.contrib.auth.forms import AuthenticationForm

# Apps whose own pages show the secrets of devices (`reset_second_factor` removes one) and whole tokens.
UNLISTED = ("otp_totp", "otp_static", "token_blacklist")


class ConsoleSite(admin.AdminSite):
    """The one admin site; the apps' pages register with it as usual."""

    site_header = "Examgrader"
    site_title = "Examgrader console"
    index_title = "Console"
    enable_nav_sidebar = False

    @property
    def login_form(self) -> type[AuthenticationForm]:  # type: ignore[override]  # a plain attribute there
        from examgrader.signing_in import SignInForm  # noqa: PLC0415 - not before the models are loaded

        return SignInForm

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """With the second step, which stands before the site's own guard, and the page for who is on call."""
        from examgrader import on_call, second_factor  # noqa: PLC0415 - not before the models are loaded

        steps = [
            path("second-step/", second_factor.second_step, name="second_step"),
            path("second-step/device/", second_factor.enrol, name="enrol"),
        ]
        pages = [path("on-call/", self.admin_view(on_call.on_call), name="on_call")]
        return [*steps, *pages, *super().get_urls()]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The password was right and the second step is to come: on to that."""
        from examgrader import second_factor  # noqa: PLC0415 - not before the models are loaded

        if request.method == "GET" and second_factor.half_signed_in(request) is not None:
            return redirect(second_factor.with_next(request, "admin:second_step"))
        return super().login(request, extra_context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The home: exams on cards. They join all apps, so they come from the highest one."""
        from apps.grading.admin.home import home_context  # noqa: PLC0415 - not before the models are loaded

        return super().index(request, {**home_context(request), **(extra_context or {})})


class ConsoleConfig(AdminConfig):
    """contrib.admin with our site in place of the default one."""

    default_site = "examgrader.console.ConsoleSite"

    def ready(self) -> None:
        super().ready()
        for label in UNLISTED:
            for model in apps.get_app_config(label).get_models():
                if admin.site.is_registered(model):
                    admin.site.unregister(model)
        checks.register(durability.check_durability, checks.Tags.database)


class ConsoleHistoryMiddleware(HistoryMiddleware):
    """Name the user and the page in the history of whatever the console changes.

    Only there: contestants' requests change nothing that has a history, and a context statement
    inside the save path's prepared statement would fail.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/console/"):
            return self.get_response(request)  # type: ignore[no-any-return]
        return super().__call__(request)  # type: ignore[no-any-return, no-untyped-call]
