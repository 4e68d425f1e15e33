"""Methods: reading changes nothing, writing needs its token against forgery, and no verb is an error."""

import logging

import pytest
from django.db import connection, transaction
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.test.client import ClientHandler

from tests.project import test_rights
from tests.project.rights import HANDLER, ROLES, address, walk_routes
from tests.project.test_rights import LINES

pytestmark = pytest.mark.django_db
world = test_rights.world

VERBS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
STRICT = ClientHandler(enforce_csrf_checks=True)
# What takes no cookie for a proof needs no token against forgery.
BY_BEARER = {"submissions:save"}
# Reading that writes, and why. A new one needs its line.
WRITES_ON_READING = {
    "submissions:paper": "Opening the paper takes the pen from the page that was open before.",
}


def ask(verb, line, world, role, handler=HANDLER, **extra):
    """The status; whatever was written is taken back."""
    credentials = world.tokens if line.route.startswith("api:") else world.cookies
    path = address(line, world.own.values_for(line.kinds))
    with transaction.atomic():
        request = RequestFactory().generic(verb, path, **{**credentials[role], **extra})
        response = handler(request.environ)
        transaction.set_rollback(True)
    return response


# Another verb.


@pytest.mark.parametrize("role", ["anonymous", "contestant"])
def test_no_verb_is_a_servers_error(world, role):
    """An error would raise here."""
    for line in LINES:
        if line.method != "GET":
            continue
        for verb in VERBS:
            status = ask(verb, line, world, role).status_code
            assert status < 500, f"{verb} {line}"


def test_head_is_a_get_without_its_body(world):
    for line in LINES:
        if line.method == "GET" and line.route.startswith("api:"):
            told = ask("HEAD", line, world, "organiser"), ask("GET", line, world, "organiser")
            assert told[0].status_code == told[1].status_code, str(line)


# Forged requests.


def unsafe_lines():
    exempt = {f"{name}" for name, pattern in walk_routes() if getattr(pattern.callback, "csrf_exempt", False)}
    return [line for line in LINES if line.method == "POST" and line.route not in exempt]


def test_only_bearers_go_without_a_token_against_forgery():
    unsafe = {line.route for line in unsafe_lines()}
    exempt = {line.route for line in LINES} - unsafe
    assert {route for route in exempt if not route.startswith("api:")} == BY_BEARER


@pytest.mark.parametrize("role", ["contestant", "organiser", "superuser"])
def test_every_write_without_its_token_is_refused(world, role):
    lines = unsafe_lines()
    assert len(lines) > 80
    answers = {str(line): ask("POST", line, world, role, STRICT).status_code for line in lines}
    assert {line: status for line, status in answers.items() if status != 403} == {}


@pytest.mark.parametrize("role", ["contestant", "organiser", "superuser"])
def test_every_write_from_a_foreign_page_is_refused(world, role, settings):
    """Even with the right token: a page of somebody else shall not press our buttons."""
    request = RequestFactory().get("/")
    token = get_token(request)
    secret = request.META["CSRF_COOKIE"]
    cookie = f"{world.cookies[role].get('HTTP_COOKIE', '')}; {settings.CSRF_COOKIE_NAME}={secret}"
    own = {"HTTP_COOKIE": cookie, "HTTP_X_CSRFTOKEN": token}
    refused = 0
    for line in unsafe_lines():
        foreign = ask("POST", line, world, role, STRICT, **own, HTTP_ORIGIN="https://evil.example")
        assert foreign.status_code == 403, str(line)
        # The control: the same request without the foreign origin gets past this guard.
        ours = ask("POST", line, world, role, STRICT, **own)
        refused += b"CSRF" in ours.content
    assert refused == 0


# Reading.


def checksums():
    """One number for each table, over all its rows."""
    rows = "md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), ''))"
    tables = connection.introspection.table_names()
    parts = [f"SELECT '{name}', {rows} FROM \"{name}\" t" for name in tables]  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def written_by_reading(world, role, lines):
    """The tables that change while this role reads all of these pages."""
    credentials = {True: world.tokens[role], False: world.cookies[role]}
    with transaction.atomic():
        before = checksums()
        for line in lines:
            path = address(line, world.own.values_for(line.kinds))
            request = RequestFactory().get(path, **credentials[line.route.startswith("api:")])
            HANDLER(request.environ)
        after = checksums()
        transaction.set_rollback(True)
    return {table for table in before if before[table] != after[table]}


@pytest.mark.parametrize("role", ROLES)
def test_reading_changes_no_table(world, role):
    logging.disable()
    reading = [line for line in LINES if line.method == "GET" and line.route not in WRITES_ON_READING]
    if (changed := written_by_reading(world, role, reading)) != set():
        culprits = [str(line) for line in reading if written_by_reading(world, role, [line])]
        raise AssertionError(f"{role}: {changed} by {culprits}")


def test_the_checksums_notice_a_write(world):
    before = checksums()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE exams_contest SET title = title || '!'")
        after = checksums()
        transaction.set_rollback(True)
    assert {table for table in before if before[table] != after[table]} == {"exams_contest"}
