"""The whole API, asked whatever its description allows and what it does not, by each kind of token.

Schemathesis makes requests from the schema and looks at the answers: no server's error; no status, body or
content type that is not described; nothing accepted that is not described, nothing refused that is, and
nothing open without its token. `FUZZING_CASES` asks for more of them.
"""

import logging
import os
from collections import Counter

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as sized
from rest_framework_simplejwt.tokens import AccessToken
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from apps.access.gate import FAILURES
from apps.access.models import Registration
from apps.core.problems import Invalid
from apps.exams.api.base import ExpensiveCalls, StaffCalls
from tests import factories
from tests.project.rights import HANDLER, OF_OWN, make_objects
from tests.project.test_rights import token_of

pytestmark = pytest.mark.django_db

CASES = int(os.environ.get("FUZZING_CASES", "4"))  # of each operation, in each mode, by each of these
WHO = ("organiser", "lead_grader", "grader", "contestant", "anonymous")
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# A form cannot say that a slug is taken or that points are above the maximum: such a 400 has a code of its
# own, and only "invalid", which is told of the form, contradicts the schema.
ACCEPTED = ["2xx", "400", "401", "403", "404", "409"]


def rolled_back(environ, start_response):
    """The application, each of whose requests leaves everything as it was."""
    with transaction.atomic():
        response = HANDLER(environ)
        transaction.set_rollback(True)
    headers = [*response.items(), *(("Set-Cookie", one.OutputString()) for one in response.cookies.values())]
    start_response(f"{response.status_code} {response.reason_phrase}", headers)
    return list(response)


@pytest.fixture
def world(monkeypatch):
    for counter in (StaffCalls.counter, ExpensiveCalls.counter, FAILURES):
        monkeypatch.setattr(counter, "limit", 10**9)
    # The saves' own connection would see nothing of what this transaction made.
    logging.disable()
    yield make_objects(OF_OWN)[0]
    logging.disable(logging.NOTSET)


@pytest.fixture
def schema(world):
    config = SchemathesisConfig()
    config.projects.default.checks.positive_data_acceptance.expected_statuses = ACCEPTED
    return schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", rolled_back, config=config)


def headers_of(who, world):
    if who == "anonymous":
        return {}
    if who == "contestant":
        token = token_of(Registration.objects.get(exam=world["exam"]))
    else:
        user = factories.UserFactory()
        factories.ExamStaffFactory(user=user, exam_id=world["exam"], role=who)
        token = AccessToken.for_user(user)
    return {"Authorization": f"Bearer {token}"}


def placed(case, world):
    """The same request of rows that there are: chance finds no one's number."""
    known = {
        "exam_id": world["exam"],
        "task_id": world["task"],
        "block_id": world["timeblock"],
        "number": 1,
    }
    for name in case.path_parameters or {}:
        case.path_parameters[name] = known[name]
    return case


def contradictions(case, headers):
    """What the answer to this request has against the description."""
    response = case.call(headers=headers)
    try:
        case.validate_response(response, headers=headers)
    except FailureGroup as found:
        yield from (
            f"{case.operation.label}: {failure.title}: {failure.message}" for failure in found.exceptions
        )
    else:
        code = response.json().get("code") if response.status_code == Invalid.status else None
        if case.meta.generation.mode.is_positive and code == Invalid.code:
            yield f"{case.operation.label}: as described, and told invalid: {response.content!r}"


def walk(schema, who, world):
    """Every operation in both modes: what was found, each once with a request that shows it, and how many."""
    headers = headers_of(who, world)
    found, asked = {}, Counter()
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in MODES:

            @sized(
                max_examples=CASES,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(mode))
            def ask(case):
                mode = case.meta.generation.mode
                if mode.is_positive:
                    placed(case, world)
                asked[mode] += 1
                for contradiction in contradictions(case, headers):
                    found.setdefault(contradiction, case.as_curl_command())

            ask()
    return found, asked


@pytest.mark.parametrize("who", WHO)
def test_no_answer_contradicts_the_description(schema, world, who):
    found, asked = walk(schema, who, world)
    assert asked.total() > CASES * 30
    assert "\n\n".join(f"{who}: {what}\n{how}" for what, how in found.items()) == ""
