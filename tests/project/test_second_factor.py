"""A second factor, where the operator requires one of all staff."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.admin.sites import site
from django.core.management import CommandError, call_command
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.exams.enums import StaffRole
from examgrader.second_factor import ENROL_KEY
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
STEP, ENROL, LOGIN = "/console/second-step/", "/console/second-step/device/", "/console/login/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def required(settings):
    settings.REQUIRE_OTP = True


@pytest.fixture
def exam():
    return factories.ExamFactory()


@pytest.fixture(autouse=True)
def noether(exam):
    user = factories.UserFactory(username="noether")
    user.set_password(PASSWORD)
    user.save()
    factories.ExamStaffFactory(user=user, exam=exam, role=StaffRole.ORGANISER)
    return user


@pytest.fixture
def half(client):
    """A browser in which the password was right; nothing more."""
    answer = client.post(LOGIN, {"username": "noether", "password": PASSWORD, "next": "/console/exams/exam/"})
    assert answer.status_code == 302
    return client


@pytest.fixture
def device(noether):
    return TOTPDevice.objects.create(user=noether, name="device", key="0123456789" * 4)


def code_of(key):
    return f"{totp(bytes.fromhex(key)):06d}"


def enrolled(client):
    """Tie a device; the page with the backup codes."""
    client.get(ENROL)
    return client.post(ENROL, {"code": code_of(client.session[ENROL_KEY])})


def codes_in(page):
    return re.findall(r"<code>(\w{4} \w{4})</code>", page.content.decode())


def is_in(client):
    return client.get("/console/exams/exam/").status_code == 200


def test_off_nothing_changes(client, settings):
    settings.REQUIRE_OTP = False
    client.post(LOGIN, {"username": "noether", "password": PASSWORD})
    assert is_in(client)
    assert client.get(STEP).status_code == client.get(ENROL).status_code == 404


def test_the_first_time_one_is_led_to_tie_a_device(half):
    page = half.get("/console/exams/exam/", follow=True)
    assert [where.split("?")[0] for where, _ in page.redirect_chain] == [LOGIN, STEP, ENROL]
    body = page.content.decode()
    assert "<svg" in body
    assert "style=" not in body
    assert "<script" not in body.split("door-card")[1]
    assert page["Cache-Control"] == "no-store, private"


def test_tying_a_device_tells_ten_backup_codes_once(half, noether):
    page = enrolled(half)
    codes = codes_in(page)
    assert len(set(codes)) == 10
    assert "They are shown only now." in page.content.decode()
    assert is_in(half)
    assert half.get(ENROL).status_code == 302
    # In the database there are only digests.
    kept = set(StaticToken.objects.filter(device__user=noether).values_list("token", flat=True))
    assert len(kept) == 10
    assert not kept & {code.replace(" ", "") for code in codes}


def test_a_device_is_tied_only_by_its_own_code(half):
    half.get(ENROL)
    key = half.session[ENROL_KEY]
    for wrong in ("000000" if code_of(key) != "000000" else "111111", "abc", "-1", "٣٣٣٣٣٣"):
        page = half.post(ENROL, {"code": wrong})
        assert "This is not the code that the device shows now." in page.content.decode()
    assert half.session[ENROL_KEY] == key  # the picture that was read stays good
    assert not TOTPDevice.objects.exists()
    assert not is_in(half)


def test_a_code_of_the_device_lets_in(half, device):
    page = half.get("/console/exams/exam/", follow=True)
    assert page.redirect_chain[-1][0].startswith(STEP)
    answer = half.post(page.redirect_chain[-1][0], {"code": code_of(device.key)})
    assert answer["Location"] == "/console/exams/exam/"  # where one was going
    assert is_in(half)


def test_with_a_device_no_other_one_is_tied_by_the_password_alone(half, device):
    assert half.get(ENROL)["Location"].startswith(STEP)
    assert half.post(ENROL, {"code": "123456"})["Location"].startswith(STEP)


def test_a_code_is_good_once(half, device, client_class):
    code = code_of(device.key)
    half.post(STEP, {"code": code})
    again = client_class()
    again.post(LOGIN, {"username": "noether", "password": PASSWORD})
    assert "This code is not right, or it was used." in again.post(STEP, {"code": code}).content.decode()
    assert not is_in(again)


@pytest.fixture
def client_class(client):
    return type(client)


def test_guessing_codes_is_slowed(half, device, clock):
    wrong = "000000" if code_of(device.key) != "000000" else "111111"
    for _ in range(3):
        half.post(STEP, {"code": wrong})
    half.post(STEP, {"code": code_of(device.key)})
    assert not is_in(half)  # the right one came too soon
    clock.shift(timedelta(minutes=1))
    half.post(STEP, {"code": code_of(device.key)})
    assert is_in(half)


def test_a_backup_code_lets_in_once(half, client_class):
    code = codes_in(enrolled(half))[0]
    for is_good in (True, False):
        browser = client_class()
        browser.post(LOGIN, {"username": "noether", "password": PASSWORD})
        browser.post(STEP, {"code": code.upper()})
        assert is_in(browser) is is_good


def test_the_code_of_a_colleague_is_not_ones_own(half, device):
    other = TOTPDevice.objects.create(user=factories.UserFactory(), key="ab" * 20)
    half.post(STEP, {"code": code_of(other.key)})
    assert not is_in(half)


def test_nothing_is_readable_between_password_and_code(half, exam, device):
    """The same answers as for somebody who gave no password at all."""
    figure = factories.FigureFactory(exam=exam)
    problem = factories.ProblemFactory(exam=exam)
    pages = [
        reverse("admin:index"),
        reverse("admin:exams_exam_changelist"),
        reverse("admin:exams_exam_change", args=[exam.pk]),
        reverse("admin:exams_exam_preview", args=[exam.pk]),
        reverse("admin:exams_problem_change", args=[problem.pk]),
        reverse("admin:access_contestant_changelist"),
        reverse("admin:access_accesskey_issue"),
        reverse("admin:grading_results", args=[exam.pk]),
        reverse("admin:password_change"),
        reverse("admin:autocomplete"),
        reverse("admin:jsi18n"),
    ]
    for page in pages:
        for ask in (half.get, half.post):
            answer = ask(page)
            assert answer.status_code == 302, page
            assert answer["Location"].startswith(LOGIN), page
    assert half.get(reverse("submissions:figure", args=[figure.public_id])).status_code == 404
    half.post(STEP, {"code": code_of(device.key)})
    assert half.get(reverse("submissions:figure", args=[figure.public_id])).status_code == 200


def test_the_session_changes_at_each_step(client, device):
    client.get(LOGIN)
    seen = [client.session.session_key]
    client.post(LOGIN, {"username": "noether", "password": PASSWORD})
    seen.append(client.session.session_key)
    client.post(STEP, {"code": code_of(device.key)})
    seen.append(client.session.session_key)
    assert len(set(seen)) == 3


def test_one_may_start_over(half, device):
    assert half.post(STEP, {"start_over": "1"})["Location"] == LOGIN
    assert half.get(STEP)["Location"] == LOGIN


def test_the_step_leads_nowhere_outside(half, device):
    answer = half.post(f"{STEP}?next=https://evil.example/", {"code": code_of(device.key)})
    assert answer["Location"] == "/console/"


def test_a_device_that_was_removed_counts_no_more(half, device):
    half.post(STEP, {"code": code_of(device.key)})
    assert is_in(half)
    device.delete()
    assert not is_in(half)


def test_reset_forgets_device_and_codes_and_ends_sessions(half, noether, client_class):
    enrolled(half)
    other = client_class()
    other.force_login(factories.UserFactory(), "django.contrib.auth.backends.ModelBackend")
    said = StringIO()
    call_command("reset_second_factor", "noether", stderr=said)
    assert said.getvalue() == "noether has no device any more; 1 sessions ended.\n"
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    # The lost device's browser cannot tie the next one.
    assert half.get(ENROL)["Location"] == LOGIN
    assert other.get(STEP).status_code == 302
    assert other.session.get("_auth_user_id")


def test_reset_of_nobody_is_refused():
    with pytest.raises(CommandError, match="There is nobody called gauss"):
        call_command("reset_second_factor", "gauss")


def test_secrets_of_devices_are_not_in_the_console():
    assert not [model for model in site._registry if model._meta.app_label.startswith("otp_")]
