"""What a save costs, in what can be counted: statements, bytes, and nothing of what only pages need."""

import json
import uuid

import pytest
from django.contrib.auth import get_user_model
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH  # its own name for it; there is no public one

from apps.submissions import gate
from apps.submissions.services import save_statement
from tests.submissions.conftest import pass_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

# Measured 262 and 135: room for longer numbers, none for another member.
MOST_BYTES_OF_AN_EDIT = 275
MOST_BYTES_OF_A_HEARTBEAT = 145


@pytest.fixture
def send(client, paper, django_assert_num_queries):
    """`send(edit count)`: save through the middleware, by one statement on the save path's connection."""
    headers = {"Authorization": f"Bearer {gate.issue_save_token(pass_of(paper))}"}

    def post(edit_count, *, counted=True):
        edits = [
            {"op": str(uuid.uuid4()), "number": number + 1, "text": "42", "based_on": 0}
            for number in range(edit_count)
        ]
        body = json.dumps({"device": str(uuid.UUID(int=1)), "notices": 0, "edits": edits})

        def call():
            return client.post("/exam/save/", body, content_type="application/json", headers=headers)

        if not counted:
            return call()
        with (
            django_assert_num_queries(1, using="saves"),
            django_assert_num_queries(0, using="default"),
        ):
            return call()

    post(0, counted=False)  # opens the connection
    return post


@pytest.mark.parametrize("edit_count", [0, 1, 3])
def test_a_batch_is_one_statement_whatever_it_holds(send, edit_count):
    response = send(edit_count)
    assert response.status_code == 200
    assert [edit["state"] for edit in response.json()["edits"]] == ["current"] * edit_count


def test_a_browser_that_is_also_signed_in_to_the_console_costs_no_more(client, send):
    client.force_login(get_user_model().objects.create(username="staff", is_staff=True))
    assert send(1).status_code == 200


def test_the_driver_remembers_its_translation_of_the_statement():
    assert len(save_statement.SAVE) <= MAX_CACHED_STATEMENT_LENGTH


def test_the_answer_is_short(send):
    assert len(send(0).content) <= MOST_BYTES_OF_A_HEARTBEAT
    assert len(send(1).content) <= MOST_BYTES_OF_AN_EDIT


def test_the_short_lane_keeps_what_protects_an_answer(send):
    headers = send(1).headers
    assert headers["Cache-Control"] == "no-store, private"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers
    assert headers["Vary"] == "Cookie, Authorization"  # for caches that do not obey no-store


def test_the_short_lane_goes_over_https_only_where_that_is_asked(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.post("/exam/save/").status_code == 301


@pytest.mark.parametrize(
    "text", ['"', "\\", '\\"', "{}", "{NULL}", "NULL", "a,b", "'", "", " ", "\n\t\r", "%s", "$1"]
)
def test_texts_that_mean_something_in_an_array_are_kept_to_the_byte(client, paper, text):
    headers = {"Authorization": f"Bearer {gate.issue_save_token(pass_of(paper))}"}
    edits = [
        {"op": str(uuid.uuid4()), "number": 1, "text": text, "based_on": 0},
        {"op": str(uuid.uuid4()), "number": 2, "text": "other", "based_on": None},
    ]
    body = {"device": str(uuid.UUID(int=1)), "notices": 0, "edits": edits}
    answer = client.post("/exam/save/", body, content_type="application/json", headers=headers).json()
    assert [edit["state"] for edit in answer["edits"]] == ["current", "conflict"]
    assert paper.answers.get(number=1).text == text
