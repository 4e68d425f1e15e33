"""The password, typed again before what weighs most."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from apps.access.models import AccessKey
from apps.exams.enums import StaffRole
from apps.exams.gate import CONFIRMED_AT
from apps.grading.models import Publication
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
START = datetime(2026, 3, 14, 20, 0, tzinfo=UTC)
ASKS = "Please type your password again"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def exam():
    return factories.TimeBlockFactory().exam


@pytest.fixture
def noether(exam):
    user = factories.UserFactory(username="noether")
    user.set_password(PASSWORD)
    user.save()
    factories.ExamStaffFactory(user=user, exam=exam, role=StaffRole.ORGANISER)
    return user


@pytest.fixture
def console(client, noether):
    client.force_login(noether, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def withdraw(console, exam):
    """Press "withdraw", with whatever the page before it adds."""
    factories.PublicationFactory(exam=exam)
    page = reverse("admin:grading_withdraw", args=[exam.pk])
    return lambda **added: console.post(page, {"reason": "A <mistake> & more"} | added)


def is_withdrawn():
    return Publication.objects.get().withdrawn_at is not None


def carried(response):
    """What the page that asks posts again, with the password."""
    assert ASKS in response.content.decode()
    return dict(response.context["carried"]) | {"asked_for": response.context["asked_for"]}


def test_the_password_is_asked_before_results_are_withdrawn(withdraw):
    question = withdraw()
    assert question.status_code == 200
    assert "You are about to <strong>withdraw the results</strong>." in question.content.decode()
    assert "no-store" in question["Cache-Control"]
    assert not is_withdrawn()


def test_what_was_posted_is_not_lost(withdraw, console):
    fields = carried(withdraw())
    assert fields == {"reason": "A <mistake> & more", "asked_for": "POST"}
    answer = withdraw(**fields, password=PASSWORD)
    assert answer.status_code == 302
    assert Publication.objects.get().withdrawn_reason == "A <mistake> & more"


def test_what_is_carried_on_is_text_in_the_page(withdraw):
    page = withdraw().content.decode()
    assert 'value="A &lt;mistake&gt; &amp; more"' in page


def test_a_wrong_password_asks_again_and_loses_nothing(withdraw):
    fields = carried(withdraw())
    again = withdraw(**fields, password="wrong")
    assert "This is not the password of noether. Try again." in again.content.decode()
    assert carried(again) == fields
    assert "wrong" not in {value for _, value in again.context["carried"]}
    assert not is_withdrawn()
    withdraw(**carried(again), password=PASSWORD)
    assert is_withdrawn()


def test_another_persons_password_is_not_ones_own(withdraw):
    other = factories.UserFactory(username="hilbert")
    other.set_password("another long password")
    other.save()
    withdraw(asked_for="POST", username="hilbert", password="another long password")
    assert not is_withdrawn()


def test_wrong_passwords_count_towards_the_lock(withdraw, console):
    statuses = [withdraw(asked_for="POST", password="wrong").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    assert withdraw(asked_for="POST", password=PASSWORD).status_code == 429
    assert not is_withdrawn()
    typed = {"username": "noether", "password": PASSWORD}
    assert console.post(reverse("admin:login"), typed).status_code == 429


def test_signing_in_is_not_typing_it_again(client, noether, exam):
    client.post(reverse("admin:login"), {"username": "noether", "password": PASSWORD})
    page = client.get(reverse("admin:access_accesskey_issue"))
    assert ASKS in page.content.decode()


def test_it_is_good_for_ten_minutes_in_this_session(console, noether, client_class, clock):
    page = reverse("admin:access_accesskey_issue")
    answer = console.post(page, {"asked_for": "GET", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == page
    clock.shift(timedelta(minutes=9, seconds=59))
    assert ASKS not in console.get(page).content.decode()
    elsewhere = client_class()
    elsewhere.force_login(noether, "django.contrib.auth.backends.ModelBackend")
    assert ASKS in elsewhere.get(page).content.decode()
    clock.shift(timedelta(seconds=1))
    assert ASKS in console.get(page).content.decode()


@pytest.fixture
def client_class(client):
    return type(client)


def test_a_clock_that_was_set_back_does_not_make_it_longer(console, clock):
    page = reverse("admin:access_accesskey_issue")
    console.post(page, {"asked_for": "GET", "password": PASSWORD})
    clock.shift(timedelta(seconds=-1))
    assert ASKS in console.get(page).content.decode()


def test_it_ran_out_while_a_form_was_filled_in(console, exam, clock):
    """The press is asked for the password, and then does what it was for, once."""
    page = reverse("admin:access_accesskey_issue")
    console.post(page, {"asked_for": "GET", "password": PASSWORD})
    form = console.get(page).context["form"]
    typed = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    typed |= {"exam": exam.pk, "count": 2}
    clock.shift(timedelta(minutes=11))
    fields = carried(console.post(page, typed))
    assert not AccessKey.objects.exists()
    keys = console.post(page, fields | {"password": PASSWORD})
    assert keys["Content-Type"] == "text/csv; charset=utf-8"
    assert AccessKey.objects.count() == 2


def test_the_session_changes_with_it(console, withdraw):
    before = console.session.session_key
    withdraw(**carried(withdraw()), password=PASSWORD)
    assert console.session.session_key != before
    assert console.session[CONFIRMED_AT] == START.timestamp()


def test_who_may_not_is_not_asked(client, exam):
    user = factories.ExamStaffFactory(exam=exam, role=StaffRole.GRADER).user
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    for name in ("grading_publish", "grading_withdraw"):
        assert client.post(reverse(f"admin:{name}", args=[exam.pk])).status_code == 403
    assert client.get(reverse("admin:access_accesskey_issue")).status_code == 403


GUARDED = {
    "grading_publish": "publish the results",
    "grading_withdraw": "withdraw the results",
    "access_accesskey_issue": "issue keys",
    "access_keybatch_reissue": "reissue keys",
}


@pytest.mark.parametrize("name", GUARDED)
def test_pages_that_ask(console, exam, name):
    batch = factories.KeyBatchFactory(exam=exam)
    rows = {"access_accesskey_issue": [], "access_keybatch_reissue": [batch.pk]}.get(name, [exam.pk])
    question = console.post(reverse(f"admin:{name}", args=rows))
    assert f"You are about to <strong>{GUARDED[name]}</strong>." in question.content.decode()


@pytest.mark.parametrize(("model", "action"), [("accesskey", "reissue"), ("registration", "issue_keys")])
def test_actions_that_ask_keep_what_was_chosen(console, exam, model, action):
    registration = factories.RegistrationFactory(exam=exam, time_block=exam.time_blocks.get())
    key = factories.AccessKeyFactory(contestant=registration.contestant)
    row = {"accesskey": key, "registration": registration}[model]
    page = reverse(f"admin:access_{model}_changelist")
    fields = carried(console.post(page, {"action": action, "_selected_action": row.pk}))
    asked = console.post(page, fields | {"password": PASSWORD})
    assert asked.context["selected"] == [row.pk]
