"""What every response tells browsers and caches: all routes, every role, errors and refusals too."""

import logging
import re
from collections import defaultdict

import pytest
from django.db import OperationalError, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.test.client import ClientHandler
from django.urls import reverse

from apps.access.models import Registration
from apps.exams.enums import StaffRole
from examgrader import headers, health
from examgrader.policy import WITH_FORMULAS, content_security_policy
from tests import factories
from tests.project.rights import ROLES, TABLE, address, read_table
from tests.project.test_rights import World
from tests.support.entering import enter

pytestmark = pytest.mark.django_db

LINES = read_table(TABLE.read_text())
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Directives that every page's policy holds, whatever else it allows.
CLOSED = (
    "default-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)

REFUSED = {
    "script in the page": re.compile(r"<script(?![^>]*\s(?:src=|type=\"application/json\"))"),
    "style in the page": re.compile(r"<style\b"),
    "handler in the page": re.compile(r"<[^>]+\son[a-z]+\s*="),
    "address that is a script": re.compile(r"=[\"']?\s*javascript:"),
}
STYLE_ATTRIBUTE = re.compile(r"<[^>]+\sstyle\s*=")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        logging.disable()
        yield World()
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)


def ask(method, path, credentials, **environ):
    """Through all of our middleware; the database is left as it was."""
    request = RequestFactory().generic(method, path, **credentials, **environ)
    with transaction.atomic():
        response = ClientHandler(enforce_csrf_checks=False)(request.environ)
        transaction.set_rollback(True)
    return response


def faults_of(response):
    """What is missing or wrong in the headers of a response that is no static file."""
    told = response.headers
    faults = [name for name, value in FIXED.items() if told.get(name) != value]
    if not {"no-store", "private"} <= {word.strip() for word in told.get("Cache-Control", "").split(",")}:
        faults.append("Cache-Control")
    if "public" in told.get("Cache-Control", ""):
        faults.append("Cache-Control: public")
    if not {"cookie", "authorization"} <= {word.strip().lower() for word in told.get("Vary", "").split(",")}:
        faults.append("Vary")
    if not {"camera=()", "microphone=()"} <= set(told.get("Permissions-Policy", "").split(", ")):
        faults.append("Permissions-Policy")
    directives = {part.strip() for part in told.get("Content-Security-Policy", "").split(";")}
    faults += [directive for directive in CLOSED if directive not in directives]
    if "text/html" in told.get("Content-Type", ""):
        faults += faults_of_page(response, directives)
    faults += [f"cookie {name}" for name, cookie in response.cookies.items() if not is_safe(cookie)]
    return faults


def faults_of_page(response, directives):
    if "script-src 'self'" not in directives or "style-src 'self'" not in directives:
        yield "script-src, style-src"
    shows_formulas = b'class="katex' in response.content or headers.FORMULAS in response.content
    if ("style-src-attr 'unsafe-inline'" in directives) != shows_formulas:
        yield "style-src-attr"
    if any("unsafe" in directive and "style-src-attr" not in directive for directive in directives):
        yield "unsafe"
    # What the policy would refuse in a browser; tests/journeys/test_policy.py opens the pages in one.
    page = response.content.decode()
    yield from (what for what, pattern in REFUSED.items() if pattern.search(page))
    if STYLE_ATTRIBUTE.search(page) and not shows_formulas:
        yield "style attribute"


def is_safe(cookie):
    if not cookie.value:
        return True  # it takes one back
    return (
        cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["domain"]
    )


@pytest.mark.parametrize("role", ROLES)
def test_every_answer_carries_its_headers(world, role):
    found = defaultdict(list)
    for line in LINES:
        credentials = world.tokens if line.route.startswith("api:") else world.cookies
        path = address(line, world.own.values_for(line.kinds))
        response = ask(line.method, path, credentials[role])
        for fault in faults_of(response):
            found[fault].append(f"{line}: {response.status_code}")
    assert dict(found) == {}


# -- Errors, and what other middleware refuses --


BAD_HOSTS = [
    "evil.example",
    "localhost.evil.example",
    "evil.example:8000",
    "testserver.evil.example",
    "testserver:8000@evil.example",
    "testserver@evil.example",
    "testserver,evil.example",
    "testserver evil.example",
    "testserver/evil",
    "testserver?evil",
    "testserver#evil",
    "testserver\\evil",
    "testserver%00",
    "testserver%2eevil",
    "testserver:port",
    "testserver:80:80",
    ":80",
    ".",
    "..",
    "*",
    "-",
    "[::1",
    "[::2]",
    "[evil.example]",
    "127.0.0.2",
    "0.0.0.0",  # noqa: S104 - asked for, not bound
    "169.254.169.254",
    "2130706433",
    "<script>alert(1)</script>",
    "xn--tstserver-q4a",
]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_wrong_host_gets_a_calm_page(client, scheme, caplog):
    caplog.set_level(logging.CRITICAL, "django")
    assert len(BAD_HOSTS) == 30
    with override_settings(ALLOWED_HOSTS=["testserver", "localhost", "127.0.0.1", "[::1]"]):
        for host in BAD_HOSTS:
            response = ask("GET", "/", {}, HTTP_HOST=host, **{"wsgi.url_scheme": scheme})
            assert response.status_code == 400, host
            assert b"<main" in response.content
            assert host.encode() not in response.content or len(host) < 3
            assert faults_of(response) == [], host


def test_a_wrong_host_is_refused_before_the_way_to_https(caplog):
    caplog.set_level(logging.CRITICAL, "django")
    with override_settings(SECURE_SSL_REDIRECT=True):
        response = ask("GET", "/", {}, HTTP_HOST="evil.example")
    assert response.status_code == 400
    assert faults_of(response) == []


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("broken"), 500), (OperationalError("away"), 503)]
)
def test_errors_on_our_side_carry_the_headers_too(monkeypatch, caplog, error, status):
    caplog.set_level(logging.CRITICAL, "django")

    def broken():
        raise error

    monkeypatch.setattr(health, "database_state", broken)
    response = ask("GET", reverse("readyz"), {})
    assert response.status_code == status
    assert b"<main" in response.content
    assert faults_of(response) == []


def test_a_form_without_its_token_gets_a_calm_page(caplog):
    caplog.set_level(logging.CRITICAL, "django")
    request = RequestFactory().post(reverse("access:enter"))
    response = ClientHandler(enforce_csrf_checks=True)(request.environ)
    assert response.status_code == 403
    assert b"This page was open too long" in response.content
    assert faults_of(response) == []


def test_a_static_file_that_is_not_there_is_a_page_like_others():
    response = ask("GET", "/static/css/none.css", {})
    assert response.status_code == 404
    assert faults_of(response) == []


NEXT = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "https://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "https:///evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "//evil.example/console/",
    "//testserver@evil.example",
    "https://testserver.evil.example/",
    "https://testserver@evil.example/",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\n//evil.example",
    "/\n/evil.example",
    "\x00//evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,evil",
    "vbscript:evil",
    "ftp://evil.example",
    "ws://evil.example",
    "//evil%2eexample",
    "//[::1]",
    "https://[::1",
    "https://0x7f000001/",
]


@pytest.mark.parametrize("target", NEXT)
def test_signing_in_leads_nowhere_else(client, target):
    factories.UserFactory(username="ana", password="")
    user = factories.UserFactory(username="ben", is_superuser=True)
    user.set_password("long enough and secret")
    user.save()
    page = f"{reverse('admin:login')}"
    response = client.post(
        page, {"username": "ben", "password": "long enough and secret", "next": target}, follow=False
    )
    assert response.status_code == 302
    assert response["Location"].startswith("/")
    assert not response["Location"].startswith(("//", "/\\"))


# -- https --


def test_over_https_cookies_are_bound_to_the_host(world):
    """Names and flags as settings.py chooses them for an https PUBLIC_URL (test_settings reads that)."""
    secure = override_settings(
        IS_HTTPS=True,
        SESSION_COOKIE_NAME="__Host-console",
        CSRF_COOKIE_NAME="__Host-csrf",
        CONTESTANT_COOKIE_NAME="__Host-contestant",
        SESSION_COOKIE_SECURE=True,
        CSRF_COOKIE_SECURE=True,
        SECURE_SSL_REDIRECT=True,
        SECURE_HSTS_SECONDS=365 * 24 * 3600,
        SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
        SECURE_HSTS_PRELOAD=True,
    )
    exam_id = world.own["exam"]
    with secure:
        client = Client()
        page = client.get("/", secure=True)
        assert page["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
        enter(client, Registration.objects.get(exam_id=exam_id))
        staff = factories.ExamStaffFactory(exam_id=exam_id, role=StaffRole.ORGANISER)
        client.force_login(staff.user, "django.contrib.auth.backends.ModelBackend")
        client.get(reverse("admin:password_change"), secure=True)
        cookies = {name: cookie for name, cookie in client.cookies.items() if cookie.value}
        assert set(cookies) >= {
            "__Host-console",
            "__Host-csrf",
            "__Host-contestant",
            "__Host-contestant-here",
        }
        for name, cookie in cookies.items():
            assert name.startswith("__Host-")
            assert cookie["secure"], name
            assert name == "__Host-console" or is_safe(cookie), name


# -- Controls: the walk is worth nothing if it does not notice --


def test_the_walk_notices_a_response_that_says_nothing():
    assert set(faults_of(HttpResponse())) >= {*FIXED, "Cache-Control", "Vary", "Permissions-Policy", *CLOSED}


def test_the_walk_notices_a_page_that_may_be_kept(world, monkeypatch):
    monkeypatch.setitem(headers.DEFAULTS, "Cache-Control", "public, max-age=60")
    response = ask("GET", reverse("submissions:cover"), world.cookies["contestant"])
    assert faults_of(response) == ["Cache-Control", "Cache-Control: public", "Vary"]


def test_the_walk_notices_style_attributes_where_no_formula_stands(world, monkeypatch):
    monkeypatch.setattr(headers, "may_show_formulas", lambda response: True)
    assert "style-src-attr" in faults_of(ask("GET", "/", {}))


def test_the_walk_notices_what_a_page_must_not_hold():
    page = (
        "<script>1</script><style>p {}</style><p style='color: red' onclick='2'></p>"
        '<a href="javascript:3">4</a><script type="application/json">5</script><script src="6"></script>'
    )
    faults = faults_of(HttpResponse(page, content_type="text/html"))
    assert set(faults) >= {*REFUSED, "style attribute"}
    assert not set(REFUSED) & set(faults_of(HttpResponse(page[page.index("<script type") :])))


def test_the_policy_closes_what_nothing_uses():
    policy = content_security_policy("/static/")
    assert policy["default-src"] == ["'none'"]
    assert "style-src-attr" not in policy
    assert set(WITH_FORMULAS) == {"style-src-attr"}
