"""The contestant's cookies and the guard."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import override_settings

from apps.access import gate
from apps.core.guards import guard_of
from tests.factories import AccessKeyFactory, RegistrationFactory

pytestmark = pytest.mark.django_db


@gate.contestant_required
def page(request):
    return HttpResponse(request.contestant.contestant_number)


def cookies_of(response):
    return {name: morsel.value for name, morsel in response.cookies.items()}


def signed_in(key, registration, now):
    response = HttpResponse()
    gate.sign_in(
        response,
        key_id=key.pk,
        epoch=key.epoch,
        registration_id=registration.pk if registration else None,
        now=now,
    )
    return cookies_of(response)


@pytest.fixture
def registration():
    return RegistrationFactory(contestant__number=417, contestant__name="Ana Maria Kovač")


@pytest.fixture
def key(registration):
    return AccessKeyFactory(contestant=registration.contestant)


@pytest.fixture
def ask(rf, now):
    """Open the page with these cookies at `now` (or later)."""

    def ask(cookies, *, later=timedelta(0), method="get", **kwargs):
        request = getattr(rf, method)("/exam/", **kwargs)
        request.COOKIES.update(cookies)
        with time_machine.travel(now + later, tick=False):
            return page(request)

    return ask


def test_contestant_required_takes_one_query(ask, key, registration, now, django_assert_num_queries):
    cookies = signed_in(key, registration, now)
    with django_assert_num_queries(1):
        assert ask(cookies).content == b"0417"


def test_remembered_tells_the_contestant_and_the_chosen_exam(rf, key, registration, now):
    request = rf.get("/exam/")
    request.COOKIES.update(signed_in(key, registration, now))
    who = gate.remembered(request, now=now).contestant
    exam = registration.exam
    assert who == gate.SignedIn(
        key_id=key.pk,
        epoch=1,
        contestant_id=registration.contestant_id,
        contestant_number="0417",
        contestant_name="Ana Maria Kovač",
        registration_id=registration.pk,
        exam_id=exam.pk,
        exam_slug=exam.slug,
        exam_title=exam.title,
        exam_version=exam.version,
        exam_status=exam.status,
        tester=False,
    )
    assert who.called == "0417 (Ana K.)"


@pytest.mark.parametrize("method", ["get", "post"])
def test_contestant_required_sends_strangers_to_the_entry_page(ask, method):
    response = ask({}, method=method)
    assert (response.status_code, response["Location"]) == (302, "/?again=1")


def test_contestant_required_answers_programs_with_401(ask):
    for kwargs in ({"headers": {"accept": "application/json"}}, {"content_type": "application/json"}):
        method = "post" if "content_type" in kwargs else "get"
        response = ask({}, method=method, **kwargs)
        assert response.status_code == 401
        assert json.loads(response.content)["code"] == "signed_out"


def test_contestant_required_asks_whom_a_lasting_cookie_alone_belongs_to(ask, key, registration, now):
    lasting = {gate.cookie_name(): signed_in(key, registration, now)[gate.cookie_name()]}
    response = ask(lasting)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_contestant_required_takes_no_other_contestants_confirmation(ask, key, registration, now):
    other = RegistrationFactory(exam=registration.exam)
    others_key = AccessKeyFactory(contestant=other.contestant)
    cookies = signed_in(key, registration, now)
    cookies[gate.cookie_here_name()] = signed_in(others_key, other, now)[gate.cookie_here_name()]
    assert ask(cookies)["Location"] == "/"


def test_contestant_required_refuses_a_revoked_key_at_once(ask, key, registration, now):
    cookies = signed_in(key, registration, now)
    key.revoked_at, key.revoked_reason = now, "lost"
    key.save()
    assert ask(cookies)["Location"] == "/?again=1"


def test_contestant_required_refuses_an_older_epoch(ask, key, registration, now):
    cookies = signed_in(key, registration, now)
    key.epoch = 2
    key.save()
    assert ask(cookies)["Location"] == "/?again=1"


def test_contestant_required_refuses_an_altered_cookie(ask, key, registration, now):
    cookies = signed_in(key, registration, now)
    cookies[gate.cookie_name()] = cookies[gate.cookie_name()].replace(f"{key.pk}.", f"{key.pk + 1}.", 1)
    assert ask(cookies)["Location"] == "/?again=1"


def test_contestant_required_refuses_a_cookie_made_for_the_other_purpose(ask, key, registration, now):
    here = signed_in(key, registration, now)[gate.cookie_here_name()]
    assert ask({gate.cookie_name(): here, gate.cookie_here_name(): here})["Location"] == "/?again=1"


def test_a_registration_of_somebody_else_counts_as_none_chosen(rf, key, registration, now):
    stranger = RegistrationFactory(exam=registration.exam)
    for chosen in (None, stranger):
        request = rf.get("/exam/")
        request.COOKIES.update(signed_in(key, chosen, now))
        contestant = gate.remembered(request, now=now).contestant
        assert contestant.contestant_number == "0417"
        assert (contestant.registration_id, contestant.exam_id, contestant.tester) == (None, None, None)


def test_the_cookie_is_renewed_while_it_is_used_and_ends_a_day_after(ask, key, registration, now):
    cookies = signed_in(key, registration, now)
    assert ask(cookies, later=timedelta(minutes=59)).cookies == {}
    renewed = ask(cookies, later=timedelta(hours=23))
    assert renewed.status_code == 200
    assert ask(cookies, later=timedelta(hours=25))["Location"] == "/?again=1"
    assert ask(cookies_of(renewed), later=timedelta(hours=46)).status_code == 200


def test_cookies_last_or_not_and_are_for_the_server_alone(key, registration, now):
    response = HttpResponse()
    gate.sign_in(response, key_id=key.pk, epoch=1, registration_id=registration.pk, now=now)
    lasting, here = response.cookies[gate.cookie_name()], response.cookies[gate.cookie_here_name()]
    assert lasting["max-age"] == 24 * 3600  # survives a crash of the browser
    assert here["max-age"] == here["expires"] == ""  # ends with the browser
    for cookie in (lasting, here):
        assert cookie["httponly"]
        assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "")
        assert not cookie["secure"]


def test_cookies_are_secure_where_the_public_url_is_https(key, now):
    with override_settings(IS_HTTPS=True, CONTESTANT_COOKIE_NAME="__Host-contestant"):
        response = HttpResponse()
        gate.sign_in(response, key_id=key.pk, epoch=1, registration_id=None, now=now)
    assert set(response.cookies) == {"__Host-contestant", "__Host-contestant-here"}
    assert all(cookie["secure"] for cookie in response.cookies.values())


def test_sign_out_forgets_both_cookies():
    response = HttpResponse()
    gate.sign_out(response)
    assert {cookie["max-age"] for cookie in response.cookies.values()} == {0}
    assert set(response.cookies) == {gate.cookie_name(), gate.cookie_here_name()}


def test_contestant_required_declares_its_guard():
    assert guard_of(page) == "contestant"
