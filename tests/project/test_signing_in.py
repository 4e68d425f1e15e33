"""Staff sign in; whoever guesses is locked out, and nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.admin.sites import site
from django.urls import reverse

from examgrader import lockout
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
HOME, OTHER = "203.0.113.7", "203.0.113.8"
START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def gauss():
    return make_staff("gauss")


def make_staff(name):
    user = factories.UserFactory(username=name)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def sign_in(client):
    def sign_in(name="gauss", password=PASSWORD, address=HOME, **headers):
        typed = {"username": name, "password": password, "next": "/console/"}
        return client.post(reverse("admin:login"), typed, REMOTE_ADDR=address, headers=headers)

    return sign_in


@pytest.fixture
def guess(sign_in):
    """Wrong passwords, as many as one may."""

    def guess(times=5, **changes):
        return [sign_in(password="wrong", **changes) for _ in range(times)]

    return guess


def is_let_in(response):
    return response.status_code == 302 and response["Location"] == "/console/"


def test_a_wrong_password_is_told_in_plain_words(sign_in):
    response = sign_in(password="wrong")
    assert response.status_code == 200
    page = response.content.decode()
    assert "This name and password do not belong together. Capital letters matter in both." in page
    assert "After 5 wrong tries the name is locked for a while." in page
    # Neither does it tell whether there is such a name.
    assert str(sign_in(name="nobody").context["form"].errors) == str(response.context["form"].errors)


def test_the_last_wrong_try_locks_the_name_here(guess, sign_in):
    statuses = [response.status_code for response in guess(5)]
    assert statuses == [200, 200, 200, 200, 429]
    locked = sign_in()
    assert locked.status_code == 429  # the right password does not help any more
    page = " ".join(locked.content.decode().split())
    assert "There were 5 wrong passwords for this name from here. Try again in 15 minutes." in page
    assert locked["Retry-After"] == "900"
    assert locked["Cache-Control"] == "no-store, private"
    assert "gauss" not in page


def test_the_lock_ends_when_the_page_says(guess, sign_in, clock):
    guess()
    clock.shift(timedelta(minutes=10, seconds=1))
    # Trying on while it is locked neither helps nor makes it longer.
    assert "Try again in 5 minutes." in " ".join(sign_in().content.decode().split())
    clock.shift(timedelta(minutes=4, seconds=58))
    assert "Try again in 1 minute." in " ".join(sign_in().content.decode().split())
    clock.shift(timedelta(seconds=2))
    assert is_let_in(sign_in())


def test_a_colleague_behind_the_same_address_is_not_locked_out(guess, sign_in):
    make_staff("noether")
    guess()
    assert is_let_in(sign_in("noether"))


def test_nobody_is_locked_out_from_elsewhere(guess, sign_in):
    guess(address=OTHER)
    assert sign_in(address=OTHER).status_code == 429
    assert is_let_in(sign_in(address=HOME))


def test_signing_in_forgets_the_wrong_tries_before_it(guess, sign_in):
    guess(4)
    assert is_let_in(sign_in())
    assert [response.status_code for response in guess(4)] == [200] * 4


def test_behind_our_proxy_the_client_counts_not_the_proxy(guess, sign_in, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    guess(address="10.0.0.1", **{"x-forwarded-for": OTHER})
    assert sign_in(address="10.0.0.1", **{"x-forwarded-for": OTHER}).status_code == 429
    assert is_let_in(sign_in(address="10.0.0.1", **{"x-forwarded-for": HOME}))


def test_a_stranger_cannot_claim_another_address(guess, sign_in):
    """Without a proxy of ours in front, what a client says of its address is not believed."""
    for number in range(5):
        guess(1, **{"x-forwarded-for": f"198.51.100.{number}"})
    assert sign_in(**{"x-forwarded-for": "198.51.100.99"}).status_code == 429


def test_a_request_without_an_address_is_counted_too(guess, sign_in, rf):
    assert lockout.address(rf.get("/", REMOTE_ADDR="")) is None
    guess(address="")
    assert sign_in(address="").status_code == 429


def test_contestants_never_notice(client, guess):
    guess()
    page = client.get(reverse("access:entry"), REMOTE_ADDR=HOME)
    assert page.status_code == 200
    entered = client.post(reverse("access:enter"), {"key": "ABCD"}, REMOTE_ADDR=HOME)
    assert entered.status_code == 422  # a typing error, as ever


def test_no_password_is_kept(guess):
    guess(1)
    attempt = AccessAttempt.objects.get()
    assert (attempt.username, attempt.ip_address) == ("gauss", HOME)
    assert "wrong" not in f"{attempt.post_data} {attempt.get_data}"


def test_a_sign_in_changes_the_session(client, sign_in):
    client.get(reverse("admin:login"))
    client.session["visited"] = True
    before = client.session.session_key
    assert is_let_in(sign_in())
    assert client.session.session_key != before


def test_the_lists_of_attempts_are_not_in_the_console():
    assert not [model for model in site._registry if model._meta.app_label == "axes"]


def test_somebody_without_the_console_is_told_so(client, sign_in):
    member = make_staff("plain")
    member.is_staff = False
    member.save()
    client.force_login(member)
    assert "You are signed in as plain" in " ".join(
        client.get(reverse("admin:login")).content.decode().split()
    )
    assert sign_in("plain").status_code == 200
