"""Who may do what when: contestants' routes and the ways to the content, at every moment of an exam."""

import logging

import pytest
from django.db import transaction
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from apps.exams.gate.staff import HeldRole
from apps.submissions.services import starting
from tests import factories
from tests.project import rights
from tests.project.moments import MOMENTS, TABLE, exam_at, read_table
from tests.project.rights import MISSING, OF_OTHER, OF_OWN, Line, address, answer_to, token_headers
from tests.project.test_rights import WHATEVER_OBJECT, cookies_of, token_of
from tests.support.entering import enter

pytestmark = pytest.mark.django_db

ROWS = read_table(TABLE.read_text())
STAFF = ("observer", "grader", "organiser")
VERBS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


class World:
    """The exam at a moment, another one at the same moment, and everybody's credentials for the first."""

    def __init__(self, moment):
        self.own, self.other = exam_at(moment, OF_OWN), exam_at(moment, OF_OTHER)
        registration = self.own["registration"]
        self.cookies = {"anonymous": {}, "contestant": cookies_of(enter(Client(), registration))}
        self.tokens = {"anonymous": {}, "contestant": token_headers(token_of(registration))}
        for role in STAFF:
            user = factories.ExamStaffFactory(exam_id=self.own["exam"], role=role).user
            client = Client()
            client.force_login(user, "django.contrib.auth.backends.ModelBackend")
            self.cookies[role] = cookies_of(client)
            self.tokens[role] = token_headers(AccessToken.for_user(user))

    def credentials(self, who, route):
        return (self.tokens if route.startswith("api:") else self.cookies)[who]

    def ask(self, row, method, objects):
        line = Line(row.route, "", method, row.kinds, {})
        with transaction.atomic():
            path = address(line, objects.values_for(row.kinds))
            answer = answer_to(method, path, self.credentials(row.who, row.route))
            transaction.set_rollback(True)
        return answer


@pytest.fixture
def world_at(monkeypatch):
    logging.disable()
    yield World
    logging.disable(logging.NOTSET)


def differences(world, moment, rows):
    found = []
    for row in rows:
        for method in row.methods:
            expected = row.expected[moment]
            answers = [("its own", world.ask(row, method, world.own), expected)]
            if row.kinds:
                missing = world.ask(row, method, MISSING)
                other = world.ask(row, method, world.other)
                away = expected if expected in WHATEVER_OBJECT and missing.told != "404" else "404"
                answers += [("missing", missing, away), ("another's", other, away)]
                if missing.body != other.body:
                    found.append(f"{method} {row.route}: another's body is not that of a missing one")
            for whose, answer, wanted in answers:
                if answer.told != wanted:
                    found.append(f"{method} {row.route} by {row.who}, {whose}: {answer.told}, not {wanted}")
                if OF_OTHER.lower() in answer.body.lower():
                    found.append(f"{method} {row.route} by {row.who}, {whose}: tells {OF_OTHER}")
    return found


@pytest.mark.parametrize("moment", MOMENTS)
def test_each_moment_answers_as_the_table_says(world_at, moment):
    assert "\n".join(differences(world_at(moment), moment, ROWS)) == ""


@pytest.mark.parametrize("moment", MOMENTS)
def test_no_verb_is_a_servers_error_at_any_moment(world_at, moment):
    """An error would raise here; what is not for a verb is refused."""
    world = world_at(moment)
    for row in {(row.route, row.who): row for row in ROWS}.values():
        answers = {verb: world.ask(row, verb, world.own).told for verb in VERBS}
        assert not [told for told in answers.values() if told.startswith("5")], row.route
        assert answers["HEAD"] == answers["GET"], row.route
        assert world.ask(row, "HEAD", world.own).body == "", row.route


def test_the_table_has_every_route_of_contestants():
    """Their pages and calls are those that rights.txt opens to them and to nobody of the staff."""
    theirs = {
        line.route
        for line in rights.read_table(rights.TABLE.read_text())
        if line.expected["anonymous"] in {"entry", "401"}
        and line.expected["contestant"] not in {"401", "entry"}
    }
    assert len(theirs) > 12
    assert theirs <= {row.route for row in ROWS if row.who == "contestant"}


# Controls: the walk notices a guard that is gone.


def test_a_start_before_its_time_is_noticed(world_at, monkeypatch):
    monkeypatch.setattr(starting, "refuse_outside_entry", lambda registration, now: None)
    found = differences(world_at("before"), "before", ROWS)
    assert any(line.startswith("POST api:start by contestant") for line in found)


def test_content_before_its_time_is_noticed(world_at, monkeypatch):
    monkeypatch.setattr(HeldRole, "may", lambda self, permission: True)
    found = differences(world_at("before"), "before", ROWS)
    assert any("admin:exams_exam_preview by observer" in line for line in found)
