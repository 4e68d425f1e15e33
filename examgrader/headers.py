"""What every response tells browsers and caches, pages and errors alike. Of static files see policy.py."""

from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property

from examgrader.policy import WITH_FORMULAS

# Unless a response says otherwise. Nearly everything here is somebody's own, and no page is worth the risk
# that a cache in a school shows one contestant's to the next: nothing but static files is kept.
DEFAULTS = {
    "Cache-Control": "no-store, private",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Choosing or taking a photo in a form needs no permission.
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# By what two requests for the same address may differ; for a cache that does not obey "no-store".
WHO_ASKS = ("Cookie", "Authorization")

# A page that can show formulas, now or by its scripts, links their style sheet in its head.
FORMULAS = b"vendor/katex/katex.min"
HEAD = 8192


class DefaultHeadersMiddleware:
    """The outermost: what other middleware refuses, such as a wrong Host, gets the same headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in DEFAULTS.items():
            response.headers.setdefault(name, value)
        if "no-store" in response.headers["Cache-Control"]:
            if "Vary" in response.headers:
                patch_vary_headers(response, WHO_ASKS)
            else:
                response.headers["Vary"] = ", ".join(WHO_ASKS)
        return response


class PagePolicyMiddleware(CSPMiddleware):
    """The content security policy, with style attributes only where there may be formulas.

    There are two of them, put into words once: doing so for each answer took a fifth of a save's time.
    """

    def process_request(self, request: HttpRequest) -> None:
        """No page has a nonce to make."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        # A view may have a policy of its own; Django's page of an error, while developing, gets none.
        if settings.DEBUG or any(name.startswith("_csp") for name in vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.texts[may_show_formulas(response)])
        return response

    @cached_property
    def texts(self) -> dict[bool, str]:
        return {with_formulas: policy_text(with_formulas=with_formulas) for with_formulas in (False, True)}

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if may_show_formulas(response):
            parts.update = {**(parts.update or {}), **WITH_FORMULAS}
        return parts


def may_show_formulas(response: HttpResponseBase) -> bool:
    return FORMULAS in getattr(response, "content", b"")[:HEAD]


def policy_text(*, with_formulas: bool) -> str:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return build_policy(directives, update=WITH_FORMULAS if with_formulas else None)


def of_every_answer() -> dict[str, str]:
    """For what passes by the middleware."""
    return {**DEFAULTS, HEADER: policy_text(with_formulas=False)}
