"""No request changes more than it is meant to, whatever else is sent with it."""

import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from apps.access.admin.people import ContestantAdmin
from apps.access.models import Contestant
from apps.exams.admin.problem import ProblemAdmin
from apps.exams.api.base import ExpensiveCalls, StaffCalls
from tests import factories
from tests.project.rights import HANDLER, OF_OTHER, OF_OWN, Line, address, make_objects, token_headers
from tests.project.test_rights import cookies_of, token_of
from tests.project.writing_requests import NEW_PASSWORD, WRITINGS
from tests.support.confirming import confirm
from tests.support.effects import Effect, all_rows, give_the_same_numbers, numbers_given
from tests.support.entering import enter
from tests.support.page_forms import PageForms

pytestmark = pytest.mark.django_db

CLASSICS = {
    "is_staff": [True],
    "is_superuser": [True],
    "is_active": [False],
    "role": ["organiser"],
    "score": [7],
    "points": ["7"],
    "max_points": ["999"],
    "rank": [1],
    "award": ["gold"],
    "version": [77],
    "epoch": [77],
    "digest": ["00" * 32],
    "submission": [1],
    "submitted_at": ["2026-03-14T15:00:00Z"],
    "deadline_at": ["2036-03-14T15:00:00Z"],
    "started_at": ["2026-03-14T15:00:00Z"],
    "extra_time": [60],
    "extra_minutes": [600],
    "now": ["2026-03-14T15:00:00Z"],
    "actor": [1],
}
BY_KIND = (
    (models.BooleanField, [True, False]),
    (models.DecimalField, ["1.5"]),
    (models.DateTimeField, ["2036-03-14T15:00:00Z"]),
    (models.UUIDField, ["0b0e6dd6-8b0b-4f6a-9d0a-3f2d9c3a1aff"]),
    (models.IntegerField, [7]),
)
ROUNDS = 2
INTO_THE_CONSOLE = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def rows(monkeypatch, settings):
    """What stands in addresses and bodies."""
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = None  # more than anybody needs
    for counter in (StaffCalls.counter, ExpensiveCalls.counter):
        monkeypatch.setattr(counter, "limit", 10**9)
    logging.disable()
    made, _ = make_objects(OF_OWN)
    other, _ = make_objects(OF_OTHER)
    made["other"] = other
    user = get_user_model().objects.create_superuser("clara", password=NEW_PASSWORD)
    made["user"] = user.pk
    factories.ExamStaffFactory(user=user, exam_id=made["exam"], role="grader")
    made["spare"] = factories.ExamFactory(slug="spare").pk
    made["group"] = factories.UserFactory.create().groups.create(name="Helpers").pk
    now = timezone.now()
    block = factories.TimeBlockFactory(opens_at=now - timedelta(hours=1))
    problem = factories.ProblemFactory(exam=block.exam, number=1)
    made["sitting_exam"] = block.exam_id
    made["starting"], made["sitting"] = (
        factories.RegistrationFactory(exam=block.exam, time_block=block) for _ in range(2)
    )
    paper = factories.SubmissionFactory(
        registration=made["sitting"], started_at=now, deadline_at=now + timedelta(hours=1)
    )
    factories.AnswerFactory(submission=paper, problem=problem)
    made["browser"] = confirm(signed_in(user))
    made["cookies"], made["tokens"] = {"anonymous": {}}, {"anonymous": {}}
    made["cookies"]["superuser"] = cookies_of(made["browser"])
    made["tokens"]["superuser"] = token_headers(AccessToken.for_user(user))
    for who in ("starting", "sitting"):
        made["cookies"][who] = cookies_of(enter(Client(), made[who]))
        made["tokens"][who] = token_headers(token_of(made[who]))
    yield made
    logging.disable(logging.NOTSET)


def signed_in(user):
    client = Client()
    client.force_login(user, INTO_THE_CONSOLE)
    return client


# What is sent.


def values_by_name(other):
    """Every field of every model of ours, with values that fit its columns; the classics besides."""
    found = {name: list(values) for name, values in CLASSICS.items()}
    for model in apps.get_models():
        if not model.__module__.startswith(("apps.", "django.contrib.auth")):
            continue
        for field in model._meta.concrete_fields:
            for name in {field.name, field.attname}:
                values = found.setdefault(name, [])
                values += [value for value in plausible(field, other) if value not in values]
    return found


def plausible(field, other):
    if isinstance(field, models.ForeignKey):
        kind = field.related_model._meta.model_name
        return [other.get({"gradingtask": "task"}.get(kind, kind), 1)]
    if field.choices:
        return [field.choices[-1][0]]
    for kind, values in BY_KIND:
        if isinstance(field, kind):
            return values
    return ["Zanzibar"]


def meant(writing, typed):
    return {*typed, *writing.takes.split()}


def extras(writing, typed, sent, other):
    """All that the request is not meant to take; in several rounds, for names with several values."""
    values = values_by_name(other)
    strange = {name: of for name, of in values.items() if name not in meant(writing, typed)}
    for turn in range(ROUNDS):
        turned = {name: of[turn % len(of)] for name, of in strange.items()}
        # Also as fields of the rows beneath a page: `time_blocks-0-exam`.
        for prefix in {name.rpartition("-")[0] for name in sent if name.count("-") == 2 and "__" not in name}:
            within = {f"{prefix}-{name}": value for name, value in turned.items()}
            turned |= {name: value for name, value in within.items() if name not in sent}
        yield turned


# Asking.


def line_of(writing):
    kinds = tuple(writing.kinds.split("+")) if writing.kinds else ()
    return Line(route=writing.route, query="", method=writing.method, kinds=kinds, expected={})


def request_of(writing, path, body, rows):
    if writing.route.startswith("api:"):
        return RequestFactory().generic(
            writing.method,
            path,
            json.dumps(body),
            content_type="application/json",
            **rows["tokens"][writing.who],
        )
    for value in body.values():
        if hasattr(value, "seek"):
            value.seek(0)
    flat = {name: form_value(value) for name, value in body.items()}
    return RequestFactory().post(path, flat, **rows["cookies"][writing.who])


def form_value(value):
    return {True: "on", False: ""}.get(value, value) if isinstance(value, bool) else value


def prepared(writing, rows):
    """The path, what is typed, and the whole valid body; within a transaction that is rolled back."""
    values = rows.values_for(line_of(writing).kinds)
    path = address(line_of(writing), values)
    if writing.before:
        writing.before(rows)
    typed = writing.typed(rows) if callable(writing.typed) else dict(writing.typed)
    sent = {}
    if writing.page:
        shown = (
            path if writing.page is True else address(replace(line_of(writing), route=writing.page), values)
        )
        page = PageForms(rows["browser"].get(shown).content.decode())
        sent = {name: of if len(of) > 1 else of[0] for name, of in page.sent.items()}
        strangers = {
            name
            for name in page.names
            if name not in meant(writing, typed) and "-" not in name and not name.startswith("_")
        } - {"csrfmiddlewaretoken"}
        assert strangers == set(), f"{writing} shows {strangers}, which the table does not know"
    return path, typed, sent | typed


def run(writing, path, body, rows, before):
    """The response and what it did, taken back."""
    numbers = numbers_given()
    with transaction.atomic():
        response = HANDLER(request_of(writing, path, body, rows).environ)
        after = all_rows()
        transaction.set_rollback(True)
    give_the_same_numbers(numbers)
    return response, Effect.between(before, after)


def unintended(writing, rows):
    """What the request did with more sent than it is meant to take, and did not do without."""
    with transaction.atomic():
        path, typed, body = prepared(writing, rows)
        before = all_rows()
        plain, effect = run(writing, path, body, rows, before)
        assert plain.status_code < 400, f"{writing}: {plain.status_code} {faults_of(plain)}"
        assert effect.new or effect.gone, f"{writing} changes nothing: {faults_of(plain)}"
        chance = effect.chance(run(writing, path, body, rows, before)[1])
        found = []
        for more in extras(writing, typed, body, rows["other"]):
            response, changed = run(writing, path, body | more, rows, before)
            if is_refused(response, changed, more):
                continue
            if response.status_code != plain.status_code:
                found.append(f"{writing}: {response.status_code} {response.content[:300]!r}")
            found += [f"{writing}: {what}" for what in effect.differences(changed, chance)]
            smuggled = changed.values(chance) & {str(value) for value in more.values()} - effect.values(
                chance
            )
            found += [f"{writing}: {value} stands in a column that is filled by chance" for value in smuggled]
        transaction.set_rollback(True)
    return found


def faults_of(response):
    page = response.content.decode()
    return response.status_code, re.findall(
        r'class="(?:errorlist|messagelist)[^>]*>(.*?)</ul>', page, re.DOTALL
    ) or page[:300]


def is_refused(response, effect, more):
    """Told by name that there are no such members, and nothing was done."""
    if response.status_code != 400 or effect.new or effect.gone:
        return False
    return all(f'"{name}"' in response.content.decode() for name in more)


@pytest.mark.parametrize("writing", WRITINGS, ids=str)
def test_nothing_is_changed_but_what_is_meant(rows, writing):
    # The clock stands: what is written by the second would differ by chance only now and then.
    with time_machine.travel(datetime.now(tz=UTC), tick=False):
        assert unintended(writing, rows) == []


# Controls: with a form opened wider, by its page or behind it, the walk notices.


def writing_of(route):
    return next(writing for writing in WRITINGS if writing.route == route)


def test_a_page_with_one_more_field_is_noticed(rows, monkeypatch):
    wider = (*ProblemAdmin.written, ("More", {"fields": ("pages",)}))
    monkeypatch.setattr(ProblemAdmin, "written", wider)
    with pytest.raises(AssertionError, match="'pages'"):
        unintended(writing_of("admin:exams_problem_change"), rows)


def test_a_view_that_takes_one_more_member_is_noticed(rows, monkeypatch):
    save = ContestantAdmin.save_model

    def greedy(self, request, obj, form, change):
        save(self, request, obj, form, change)
        Contestant.objects.filter(pk=obj.pk).update(number=request.POST.get("number", obj.number))

    monkeypatch.setattr(ContestantAdmin, "save_model", greedy)
    found = unintended(writing_of("admin:access_contestant_change"), rows)
    assert any("access_contestant" in line and "'number': 7" in line for line in found), found
