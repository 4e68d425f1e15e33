"""Every route declares its guard; a new one that does not fails here."""

import re

import pytest
from django.contrib.admin.sites import site
from django.urls import URLPattern, get_resolver

from apps.core.guards import guard_of, guarded_by, public

# Who may open a page without being known, and why. A new public page needs its line.
PUBLIC = {
    "healthz": "A probe; it says nothing but that the process lives.",
    "readyz": "A probe; it says whether the database and Redis answer.",
    "": "The door: it asks for the key.",
    "enter/": "Takes the key; that is what lets people in.",
    "leave/": "Forgetting whoever is signed in on this device needs no sign-in.",
    "admin/": "Only leads to the console's own door.",
    "results/<slug:exam_slug>/": "The list of places, only of exams that make it public.",
    "receipts/<str:code>/": "Whoever has a receipt may check it; it shows no answers.",
    "api/v1/schema/": "What the API offers, with nothing of any exam.",
    "api/v1/docs/": "The same, to read.",
    "api/v1/token/": "Takes name and password; that is what lets programs of the staff in.",
    "api/v1/token/refresh/": "Takes the token that is to be renewed.",
    "api/v1/token/key/": "Takes the key; that is what lets programs in.",
    "receipts/<str:code>/receipt.json": "The same, as the file that was signed.",
}


def walk(patterns, prefix=""):
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        # The console has its own rule: AdminSite.admin_view in front of each page, rights inside.
        elif pattern.app_name != "admin":
            yield from walk(pattern.url_patterns, route)


ROUTES = dict(walk(get_resolver().url_patterns))


def test_every_route_declares_its_guard():
    assert [route for route, view in ROUTES.items() if guard_of(view) is None] == []


def test_every_public_route_has_its_reason():
    assert {route for route, view in ROUTES.items() if guard_of(view) == "public"} == set(PUBLIC)


def test_the_walk_notices_a_view_without_a_guard():
    def view(request): ...

    assert guard_of(view) is None
    assert guard_of(public(view)) == "public"
    assert guard_of(guarded_by("contestant")(view)) == "contestant"


# Signing in and out, the second step (only there where it is required), and what is no page at all.
DOORS = {"login/", "logout/", "second-step/", "second-step/device/", "(?P<url>.*)$"}
CONSOLE = [
    re.sub(r"<[^>]+>|\^\(\?P.*\$", "1", f"/console/{route}")
    for route, _ in walk(site.get_urls())
    if route not in DOORS
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", CONSOLE)
def test_console_turns_away_whoever_is_not_signed_in(client, path):
    """The console's rule, page by page: without a staff session it shows nothing but the door."""
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith(("/console/login/", "/console/1/change/"))
