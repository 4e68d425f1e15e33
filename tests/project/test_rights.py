"""Who may open what: all routes, for every role, against the reviewed table `rights.txt`."""

import logging
from dataclasses import replace

import pytest
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from apps.access.gate import ContestantToken
from apps.access.models import Registration
from apps.exams.admin.scoped import ScopedAdmin
from apps.exams.enums import StaffRole
from apps.exams.models import Exam
from apps.grading.admin import desk
from tests import factories
from tests.project.rights import (
    MISSING,
    NAME,
    OF_OTHER,
    OF_OWN,
    ROLES,
    TABLE,
    Objects,
    address,
    answer_to,
    make_objects,
    methods_of,
    published_exam,
    read_table,
    site_wide_objects,
    token_headers,
    walk_routes,
)
from tests.support.entering import enter

pytestmark = pytest.mark.django_db

LINES = read_table(TABLE.read_text())
ROUTES = dict(walk_routes())
# Answers that ask for no object: who asks is sent to a door or on to the page, or the method is not for it.
WHATEVER_OBJECT = ("login", "entry", "page", "401", "405")
# Who may know contestants by name.
NAMED_TO = ("organiser", "proctor", "superuser", "contestant")


class World:
    """Two exams, and somebody of each role in the first one; each request leaves everything as it was."""

    def __init__(self):
        self.own, receipt = make_objects(OF_OWN)
        self.other, _ = make_objects(OF_OTHER)
        self.own |= site_wide_objects(receipt)
        self.own["slug"] = published_exam().slug
        # By role: what its browser sends, and what its programs send.
        self.cookies: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, str]] = {}
        for role in ROLES:
            self.sign_in(role)
        # Somebody who only observes the first exam and runs the second one.
        elsewhere = factories.UserFactory()
        factories.ExamStaffFactory(user=elsewhere, exam_id=self.own["exam"], role=StaffRole.OBSERVER)
        factories.ExamStaffFactory(user=elsewhere, exam_id=self.other["exam"], role=StaffRole.ORGANISER)
        self.sign_in_staff("elsewhere", elsewhere)

    def sign_in(self, role):
        if role == "anonymous":
            self.cookies[role] = self.tokens[role] = {}
        elif role == "contestant":
            registration = Registration.objects.get(exam=self.own["exam"])
            self.cookies[role] = cookies_of(enter(Client(), registration))
            self.tokens[role] = token_headers(token_of(registration))
        else:
            user = factories.UserFactory(is_superuser=role == "superuser")
            if role in StaffRole.values:
                factories.ExamStaffFactory(user=user, exam_id=self.own["exam"], role=role)
            self.sign_in_staff(role, user)

    def sign_in_staff(self, role, user):
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        self.cookies[role] = cookies_of(client)
        self.tokens[role] = token_headers(AccessToken.for_user(user))

    def has_others(self, line):
        """Whether the line's object belongs to an exam, so that there is another exam's too."""
        rows = [kind for kind in line.kinds if not kind.startswith("'")]
        return bool(rows) and all(kind in self.other for kind in rows)

    def ask(self, role, line, objects):
        credentials = self.tokens if line.route.startswith("api:") else self.cookies
        with transaction.atomic():
            answer = answer_to(line.method, address(line, objects.values_for(line.kinds)), credentials[role])
            transaction.set_rollback(True)
        return answer


def cookies_of(client):
    return {"HTTP_COOKIE": client.cookies.output(header="", sep=";")}


def token_of(registration):
    key = registration.contestant.keys.get()
    return ContestantToken.issue(
        key_id=key.pk,
        epoch=key.epoch,
        registration_id=registration.pk,
        ends_at=factories.NOW,
        now=timezone.now(),
    )


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    # An error in a page shall be seen as such, not as one more status.
    errors_as_such = override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True)
    with django_db_blocker.unblock(), transaction.atomic(), errors_as_such:
        logging.disable()  # some thousand refusals, each with its warning
        yield World()
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)


def differences(world, role, lines):
    """Where the role is answered otherwise than the table says, or is told what it must not know."""
    found = []
    for line in lines:
        expected = line.expected[role]
        answers = [("its own", world.ask(role, line, world.own), expected)]
        if world.has_others(line):
            missing = world.ask(role, line, MISSING)
            # A method may be refused before or after the object is looked for; the same for all objects.
            away = expected if expected in WHATEVER_OBJECT and missing.told != "404" else "404"
            answers.append(("missing", missing, away))
            if role != "superuser":  # who has every role in every exam
                answers.append(("another's", world.ask(role, line, world.other), away))
                if answers[1][1].body != answers[2][1].body:
                    found.append(f"{line}: another's body is not that of a missing one")
        for whose, answer, wanted in answers:
            if answer.told != wanted:
                found.append(f"{line}, {whose}: {answer.told}, not {wanted}")
            found += [f"{line}, {whose}: tells {word}" for word in leaks(role, answer)]
    return found


def leaks(role, answer):
    """The words in an answer that this role must not see."""
    if role == "superuser":
        return []
    secrets = [OF_OTHER] if role in NAMED_TO else [OF_OTHER, NAME]
    if role == "nobody" and answer.path.startswith(reverse("admin:index")):
        secrets.append(OF_OWN)
    body = answer.body.lower()
    return [word for word in secrets if word.lower() in body]


@pytest.mark.parametrize("role", ROLES)
def test_no_cookie_opens_the_api(world, role, monkeypatch):
    monkeypatch.setattr(world, "tokens", world.cookies)
    for line in LINES:
        if line.route.startswith("api:"):
            assert world.ask(role, line, world.own).told == line.expected["anonymous"], str(line)


@pytest.mark.parametrize("role", ROLES)
def test_every_route_answers_each_role_as_the_table_says(world, role):
    assert "\n".join(differences(world, role, LINES)) == ""


def test_a_role_in_one_exam_opens_nothing_in_another(world):
    """Who organises one exam and observes another sees of the other what an observer sees."""
    found = []
    for line in LINES:
        if world.has_others(line):
            answer = world.ask("elsewhere", line, world.own)
            if answer.told != line.expected["observer"]:
                found.append(f"{line}: {answer.told}, not {line.expected['observer']}")
            if f"{OF_OWN} {NAME}" in answer.body:
                found.append(f"{line}: tells a contestant's name")
    assert "\n".join(found) == ""


def test_a_problem_of_another_exam_is_none_of_this_one(world):
    """Addresses of two rows: the second one is looked for in the first one's exam."""
    for line in LINES:
        if "exam" in line.kinds and "problem" in line.kinds:
            mixed = Objects(world.own, problem=world.other["problem"])
            missing = Objects(world.own, problem=MISSING["problem"])
            for role in ("lead_grader", "organiser"):
                answers = [world.ask(role, line, objects) for objects in (mixed, missing)]
                assert answers[0].told == answers[1].told, str(line)
                assert answers[0].body == answers[1].body, str(line)


def unreviewed(lines):
    """Routes and methods that the table does not know, and those that it knows and are gone."""
    wanted = {(route, method) for route, pattern in ROUTES.items() for method in methods_of(pattern)}
    known = {(line.route, line.method) for line in lines}
    return sorted(wanted - known), sorted(known - wanted)


def test_the_table_knows_every_route_and_no_other():
    new, gone = unreviewed(LINES)
    assert new == [], f"These routes have no line in {TABLE}; the top of that file says how to add one."
    assert gone == [], f"These routes are gone; take their lines out of {TABLE}."


def test_each_route_has_a_name_of_its_own():
    """The table could not tell two routes of one name apart."""
    names = [route for route, _ in walk_routes()]
    assert sorted(names) == sorted(set(names))


# Controls: the walk is worth nothing if it does not notice.


def test_the_walk_notices_a_new_route_and_one_that_is_gone():
    first = LINES[0]
    assert unreviewed(LINES[1:]) == ([(first.route, first.method)], [])
    stranger = replace(first, route="no-such-route")
    assert unreviewed([*LINES, stranger]) == ([], [("no-such-route", first.method)])


def lines_of(route):
    return [line for line in LINES if line.route == route and line.method == "GET"]


def test_the_walk_notices_a_page_without_its_guard(world, monkeypatch):
    def unguarded(request, exam_id, permission):
        return get_object_or_404(Exam, pk=exam_id)

    monkeypatch.setattr(desk, "exam_for", unguarded)
    found = differences(world, "observer", lines_of("admin:grading_desk"))
    assert any("its own: 200, not 403" in difference for difference in found)
    assert any("another's: 200, not 404" in difference for difference in found)


def test_the_walk_notices_rows_that_are_not_scoped(world, monkeypatch):
    monkeypatch.setattr(ScopedAdmin, "get_queryset", ModelAdmin.get_queryset)
    assert differences(world, "observer", lines_of("admin:exams_exam_change"))
    found = differences(world, "organiser", lines_of("admin:access_contestant_changelist"))
    assert found == [f"GET admin:access_contestant_changelist, its own: tells {OF_OTHER}"]


def test_the_walk_notices_a_404_that_tells_another_from_a_missing_one(world, monkeypatch):
    def telling(self, request, object_id, from_field=None):
        if (row := ModelAdmin.get_object(self, request, object_id, from_field)) is None:
            there = self.model.objects.filter(pk=object_id).exists()
            raise PermissionDenied if there else Http404
        return row

    monkeypatch.setattr(ScopedAdmin, "get_object", telling)
    found = differences(world, "organiser", lines_of("admin:exams_exam_change"))
    assert "GET admin:exams_exam_change exam: another's body is not that of a missing one" in found
