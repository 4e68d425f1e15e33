"""A contestant's exam through the API, from the key to the result."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.access import gate
from apps.access.gate import ContestantToken
from apps.access.models import AccessKey
from apps.access.services.issuing import issue_keys_for
from apps.exams.enums import ExamStatus, ProblemKind
from apps.submissions.models import Answer, Submission
from tests import factories
from tests.support.entering import enter

pytestmark = pytest.mark.django_db

# The saves' own connection sees only what is committed.
saving = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

HOUR = timedelta(hours=1)


@pytest.fixture
def registration(real_now):
    """For an exam that is open now, with two problems."""
    block = factories.TimeBlockFactory(opens_at=real_now - HOUR, closes_at=real_now + HOUR)
    registration = factories.RegistrationFactory(exam=block.exam, time_block=block)
    for number in (1, 2):
        factories.ProblemFactory(exam=block.exam, number=number, kind=ProblemKind.INTEGER)
    return registration


@pytest.fixture
def key(registration, real_now):
    """The key as its slip says it."""
    return issue(registration, real_now)


@pytest.fixture
def token(call, key):
    return call("POST", "token/key/", body={"key": key})[1]["access"]


def issue(registration, now):
    (issued,) = issue_keys_for(
        exam_id=registration.exam_id, registration_ids=[registration.pk], replace=False, actor=None, now=now
    )
    return issued.key


def edit(number=1, text="42", based_on=0):
    op = str(uuid.uuid4())
    return {"op": op, "number": number, "text": text, "based_on": based_on}


def batch(*edits):
    return {"device": str(uuid.UUID(int=1)), "notices": 0, "edits": list(edits)}


def test_a_key_gives_a_token_until_an_hour_after_the_end(call, registration, key):
    status, entered = call("POST", "token/key/", body={"key": key.lower().replace("-", " ")})
    exam, contestant = registration.exam, registration.contestant
    assert status == 200
    assert entered["contestant"] == {"number": contestant.public_number, "name": contestant.name}
    assert entered["exam"]["id"] == exam.pk
    assert (entered["exam"]["slug"], entered["exam"]["phase"]) == (exam.slug, "late_entry")
    assert entered["exams"] == [{"slug": exam.slug, "title": exam.title}]
    ends = datetime.fromisoformat(entered["expires_at"])
    assert ends == (registration.time_block.closes_at + HOUR).replace(microsecond=0)


@saving
def test_a_sitting_from_start_to_receipt(call, token):
    assert call("GET", "me/", token)[1]["started"] is False
    assert call("GET", "me/paper/", token)[0] == 404
    status, me = call("POST", "me/start/", token, {})
    assert (status, me["started"], me["exam"]["phase"]) == (201, True, "open")
    assert call("POST", "me/start/", token, {})[0] == 200
    paper = call("GET", "me/paper/", token)[1]
    assert [problem["number"] for problem in paper["problems"]] == [1, 2]
    assert "<p>" in paper["problems"][0]["statement_html"]
    status, saved = call("POST", "me/save/", token, batch(edit(1, "42"), edit(2, "7")))
    assert (status, [one["state"] for one in saved["edits"]]) == (200, ["current", "current"])
    assert call("POST", "me/save/", token, batch())[1]["edits"] == []
    answers = [problem["answer"] for problem in call("GET", "me/paper/", token)[1]["problems"]]
    assert answers == [{"text": "42", "revision": 1}, {"text": "7", "revision": 1}]
    status, handed_in = call("POST", "me/submit/", token, {})
    assert status == 200
    assert set(handed_in["receipt"]) == {"number", "code", "digest", "signature"}
    assert call("POST", "me/submit/", token, {}) == (200, handed_in)
    assert call("GET", "me/", token)[1]["submitted"] is True
    status, refused = call("POST", "me/save/", token, batch(edit(1, "43", 1)))
    assert (status, refused["code"], refused["edits"][0]["state"]) == (403, "paper_closed", "late")
    assert Answer.objects.get(number=1).text == "42"
    assert call("GET", "me/result/", token)[0] == 404


@saving
def test_a_conflict_shows_the_other_text(call, token):
    call("POST", "me/start/", token, {})
    call("POST", "me/save/", token, batch(edit(1, "first")))
    saved = call("POST", "me/save/", token, batch(edit(1, "second")))[1]
    assert (saved["edits"][0]["state"], saved["edits"][0]["head_text"]) == ("conflict", "first")


@saving
@pytest.mark.parametrize("body", [[], {"edits": []}, batch(edit(99)), batch(edit(), edit()), "x"])
def test_a_batch_that_is_none_is_refused_as_on_the_page(call, token, body):
    call("POST", "me/start/", token, {})
    status, refused = call("POST", "me/save/", token, body)
    assert (status, refused["code"]) == (400, "invalid_batch")
    assert refused["errors"]


def test_wrong_keys_are_told_alike(call, registration):
    answers = {
        str(call("POST", "token/key/", body={"key": typed}))
        for typed in ("ABCD-EFGH-JKMN-PQRS", "x", "", "\ud800", "\0", "7" * 1000)
    }
    assert len(answers) == 1
    assert "401" in answers.pop()


@pytest.mark.parametrize("body", [{}, {"key": None}, {"key": 5.5e300}, {"key": ["x"]}, [], "x"])
def test_what_is_no_key_is_refused(call, registration, body):
    status, refused = call("POST", "token/key/", body=body)
    assert (status, refused["code"]) == (400, "invalid")


def test_a_replaced_key_says_so(call, key):
    AccessKey.objects.update(revoked_at=factories.NOW, revoked_reason="lost")
    status, refused = call("POST", "token/key/", body={"key": key})
    assert (status, refused["code"]) == (403, "key_replaced")


@pytest.mark.usefixtures("within_a_minute")
def test_only_failures_are_throttled(call, key, monkeypatch):
    monkeypatch.setattr(gate.FAILURES, "limit", 2)
    for _ in range(2):
        assert call("POST", "token/key/", body={"key": "wrong"})[0] == 401
    status, refused = call("POST", "token/key/", body={"key": "wrong"})
    assert (status, refused["code"]) == (429, "throttled")
    assert call("POST", "token/key/", body={"key": key})[0] == 200


def test_one_of_several_exams_is_named_by_its_slug(call, registration, key):
    block = factories.TimeBlockFactory(
        exam__contest=registration.exam.contest, opens_at=registration.time_block.opens_at + HOUR
    )
    other = factories.RegistrationFactory(
        exam=block.exam, time_block=block, contestant=registration.contestant
    )
    status, entered = call("POST", "token/key/", body={"key": key, "exam": other.exam.slug})
    assert (status, entered["exam"]["slug"]) == (200, other.exam.slug)
    assert {exam["slug"] for exam in entered["exams"]} == {other.exam.slug, registration.exam.slug}
    status, refused = call("POST", "token/key/", body={"key": key, "exam": "no-such-exam"})
    assert (status, refused["code"]) == (404, "not_found")


def test_nothing_starts_before_the_opening_or_in_a_closed_exam(call, registration, token, real_now):
    block = registration.time_block
    type(block).objects.update(opens_at=real_now + timedelta(minutes=30))
    assert call("POST", "me/start/", token, {})[1]["code"] == "not_open"
    type(registration.exam).objects.update(status=ExamStatus.CLOSED)
    status, refused = call("POST", "me/start/", token, {})
    assert (status, refused["code"]) == (403, "entry_closed")


@saving
@pytest.mark.parametrize(
    "ending",
    [
        pytest.param({"revoked_at": factories.NOW, "revoked_reason": "lost"}, id="revoked"),
        pytest.param({"epoch": 2}, id="sessions ended"),
    ],
)
def test_a_token_ends_with_its_key(call, token, ending):
    call("POST", "me/start/", token, {})
    AccessKey.objects.update(**ending)
    for method, path in (("GET", "me/"), ("GET", "me/paper/"), ("POST", "me/save/"), ("POST", "me/submit/")):
        status, refused = call(method, path, token, batch() if method == "POST" else None)
        assert (status, refused["code"]) == (401, "signed_out")
    assert Submission.objects.get().submitted_at is None


def forged(token):
    """What must never pass for a contestant's token."""
    expired = ContestantToken(token)
    expired.set_exp(from_time=datetime(2020, 1, 1, tzinfo=UTC), lifetime=HOUR)
    foreign = ContestantToken(token)
    foreign["aud"] = "somebody-else"
    bare = ContestantToken(token)
    del bare["registration"]
    header, payload, signature = token.split(".")
    return {
        "expired": str(expired),
        "staff access": str(AccessToken.for_user(factories.UserFactory())),
        "staff refresh": str(RefreshToken.for_user(factories.UserFactory())),
        "without a registration": str(bare),
        "unsigned": f"{header}.{payload}.",
        "cut": token[:-2],
        "another signature": f"{header}.{payload}.{signature[::-1]}",
        "alg none": f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.",
        "nothing": "x",
        "empty": "",
    }


def test_forged_tokens_open_nothing(call, token):
    for name, forgery in forged(token).items():
        status, refused = call("GET", "me/", forgery)
        assert (name, status, refused["code"]) == (name, 401, "signed_out")


def test_no_cookie_opens_the_api(call, client, registration):
    enter(client, registration)
    assert call("GET", "me/")[0] == 401


def test_query_counts(client, token, call, django_assert_num_queries):
    call("POST", "me/start/", token, {})
    headers = {"Authorization": f"Bearer {token}"}
    for path, count in (("me/", 2), ("me/paper/", 2)):  # who, and how it stands; the content is in the cache
        with django_assert_num_queries(count):
            client.get(f"/api/v1/{path}", headers=headers)
