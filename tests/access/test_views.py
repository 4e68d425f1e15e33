"""The way in and out, through the client."""

import re
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from apps.access import gate
from apps.access.models import AccessKey
from apps.access.rules import keys
from apps.access.services.issuing import issue_anonymous_keys, issue_keys_for
from apps.core.throttle import FailureThrottle
from tests.factories import RegistrationFactory, TimeBlockFactory

pytestmark = pytest.mark.django_db

UNKNOWN = "We do not know this key. Compare it with your slip letter by letter."


@pytest.fixture(autouse=True)
def _nobody_failed_yet(monkeypatch):
    monkeypatch.setattr(gate, "FAILURES", FailureThrottle("entry", limit=60))


@pytest.fixture
def exam(real_now):
    return TimeBlockFactory(opens_at=real_now - timedelta(hours=1)).exam


@pytest.fixture
def issued(exam, now):
    [one] = issue_anonymous_keys(exam_id=exam.pk, count=1, actor=None, now=now)
    return one


def enter(client, key, **kwargs):
    return client.post("/enter/", {"key": key}, **kwargs)


def close_the_browser(client):
    """Only the lasting cookie is left."""
    del client.cookies[gate.cookie_here_name()]


def test_enter_lets_the_holder_of_a_key_in(client, issued):
    response = enter(client, issued.key)
    assert (response.status_code, response["Location"]) == (302, "/exam/")
    assert response["Cache-Control"] == "no-store, private"
    assert issued.number in client.get("/exam/").content.decode()


def test_enter_takes_two_statements_the_first_time_and_then_one(client, issued, django_assert_num_queries):
    for statements in (2, 1):  # the key with its registrations; that it was redeemed
        with django_assert_num_queries(statements):
            enter(client, issued.key)


@pytest.mark.parametrize("typing", [lambda: "hello", keys.new_key], ids=["malformed", "unknown"])
def test_enter_takes_one_statement_for_what_is_no_key(client, issued, typing, django_assert_num_queries):
    with django_assert_num_queries(1):
        enter(client, typing())


def test_enter_answers_unknown_and_malformed_keys_alike(client, issued):
    pages = [enter(client, typed) for typed in (keys.new_key(), "hello", "", "0" * 500, "\x00")]
    assert {page.status_code for page in pages} == {422}
    assert all(UNKNOWN in page.content.decode() for page in pages)
    # The page's secret for forms is masked anew each time; all else is the same to the byte.
    masked = {re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", page.content) for page in pages}
    assert len(masked) == 1
    assert len({len(page.content) for page in pages}) == 1
    assert not any(page.cookies.get(gate.cookie_name()) for page in pages)


def test_enter_tells_the_holder_of_a_replaced_key(client, issued, exam, now):
    issue_keys_for(
        exam_id=exam.pk, registration_ids=[issued.registration_id], replace=True, actor=None, now=now
    )
    response = enter(client, issued.key)
    assert response.status_code == 403
    assert "This key was replaced. Ask for the new slip." in response.content.decode()


def test_enter_never_sends_a_key_back(client, issued):
    assert issued.key not in enter(client, issued.key + "X").content.decode()


def test_enter_refuses_a_form_of_another_site(issued):
    assert enter(Client(enforce_csrf_checks=True), issued.key).status_code == 403


@pytest.mark.usefixtures("within_a_minute")
def test_enter_slows_failures_alone(client, issued):
    assert {enter(client, "hello").status_code for _ in range(60)} == {422}
    slowed = enter(client, "hello")
    assert slowed.status_code == 429
    assert 1 <= int(slowed["Retry-After"]) <= 60
    assert f"Try again in {slowed['Retry-After']} seconds." in slowed.content.decode()
    # A right key from the same address is let in, as often as it comes.
    assert {enter(Client(), issued.key).status_code for _ in range(5)} == {302}
    # Another address is none of it, but claiming one is no way out.
    assert enter(client, "hello", REMOTE_ADDR="203.0.113.9").status_code == 422
    assert enter(client, "hello", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 429


def test_enter_works_with_redis_stopped(client, issued):
    gone = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}
    with override_settings(CACHES=gone):
        assert enter(client, "hello").status_code == 422
        assert enter(client, issued.key).status_code == 302


@pytest.mark.parametrize("path", ["/enter/", "/leave/", "/exam/choose/"])
def test_changes_take_a_post(client, issued, path):
    enter(client, issued.key)
    assert client.get(path).status_code == 405


def test_entry_asks_for_the_key_without_help_from_the_browser(client):
    page = client.get("/").content.decode()
    field = re.search(r'<input class="input input-key.*?>', page, re.DOTALL)[0]
    for attribute in ('autocomplete="off"', 'autocorrect="off"', 'spellcheck="false"', 'translate="no"'):
        assert attribute in field
    assert 'autocapitalize="characters"' in field
    assert client.get("/")["Cache-Control"] == "no-store, private"


def test_entry_asks_whom_a_lasting_cookie_belongs_to(client, issued):
    contestant = AccessKey.objects.get().contestant
    contestant.name = "Ana Kovač"
    contestant.save()
    enter(client, issued.key)
    close_the_browser(client)
    assert client.get("/exam/")["Location"] == "/"
    page = client.get("/").content.decode()
    assert "(Ana K.)" in page
    assert "Kovač" not in page
    assert 'data-testid="access-key"' not in page
    assert client.post("/enter/", {"continue": "1"})["Location"] == "/exam/"
    assert client.get("/exam/").status_code == 200


def test_continue_without_a_cookie_asks_for_the_key(client):
    response = client.post("/enter/", {"continue": "1"})
    assert response["Location"] == "/?again=1"
    assert "Enter your key again." in client.get("/?again=1").content.decode()


def test_entry_forgets_a_key_that_was_revoked(client, issued, exam, now):
    enter(client, issued.key)
    issue_keys_for(
        exam_id=exam.pk, registration_ids=[issued.registration_id], replace=True, actor=None, now=now
    )
    assert 'data-testid="access-key"' in client.get("/").content.decode()
    assert client.post("/enter/", {"continue": "1"})["Location"] == "/?again=1"


def test_leave_forgets_the_contestant_on_this_device_only(client, issued):
    other_device = Client()
    enter(client, issued.key)
    enter(other_device, issued.key)
    assert client.post("/leave/")["Location"] == "/"
    assert client.get("/exam/")["Location"] == "/?again=1"
    assert 'data-testid="access-key"' in client.get("/").content.decode()
    assert other_device.get("/exam/").status_code == 200


def test_choose_goes_to_another_exam_of_the_same_key(client, issued, exam):
    contestant = AccessKey.objects.get().contestant
    second = RegistrationFactory(exam__contest=exam.contest, exam__title="Second", contestant=contestant).exam
    enter(client, issued.key)
    for name, title in ((second.slug, "Second"), (exam.pk, exam.title), (second.pk, "Second")):
        assert client.post("/exam/choose/", {"exam": name})["Location"] == "/exam/"
        assert f"<h1>{title}</h1>" in client.get("/exam/").content.decode()


def test_choose_finds_nothing_of_another_contestant(client, issued):
    stranger = RegistrationFactory()
    enter(client, issued.key)
    for wanted in (stranger.exam.slug, stranger.exam_id, "", "\x00", "9" * 40, "missing"):
        assert client.post("/exam/choose/", {"exam": wanted}).status_code == 404


def test_choose_is_for_contestants(client):
    assert client.post(reverse("access:choose"), {"exam": "x"})["Location"] == "/?again=1"
