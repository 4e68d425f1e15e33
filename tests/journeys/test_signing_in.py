"""Staff at the console's door: signing in, being locked out, the second step, the password again."""

from base64 import b32decode

import pytest
from django.contrib.auth import get_user_model
from django_otp.oath import totp
from playwright.sync_api import expect

from tests.journeys.conftest import DESKTOP, PHONE

PASSWORD = "correct horse battery"
WIDTHS = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])


@pytest.fixture
def gauss(transactional_db):
    return get_user_model().objects.create_superuser("gauss", password=PASSWORD)


def sign_in(page, password=PASSWORD):
    page.get_by_label("Username:").fill("gauss")
    page.get_by_label("Password:").fill(password)
    page.get_by_label("Password:").press("Enter")


@WIDTHS
def test_the_door_is_calm_about_wrong_passwords(open_page, look, gauss, viewport):
    page = open_page(viewport=viewport)
    page.goto("/console/")
    expect(page.get_by_label("Username:")).to_be_focused()
    look(page, "sign-in")
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    look(page, "sign-in-wrong")
    for _ in range(4):
        sign_in(page, "wrong")
    expect(page.get_by_role("heading", name="Locked for a while")).to_be_visible()
    look(page, "locked-out")
    page.get_by_role("link", name="Back to signing in").click()
    expect(page.get_by_label("Username:")).to_be_focused()


@WIDTHS
def test_a_device_is_tied_and_asked_for(open_page, look, gauss, viewport, settings):
    settings.REQUIRE_OTP = True
    page = open_page(viewport=viewport)
    page.goto("/console/access/accesskey/issue/")
    sign_in(page)
    expect(page.get_by_role("heading", name="Tie your device to your account")).to_be_visible()
    look(page, "second-step-enrol")
    page.get_by_label("The six digits").fill("12345")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the code")
    secret = b32decode(page.locator(".door-secret").inner_text().replace(" ", ""))
    page.get_by_label("The six digits").fill(f"{totp(secret):06d}")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".door-codes li")).to_have_count(10)
    look(page, "second-step-codes")
    backup = page.locator(".door-codes li").first.inner_text()
    page.get_by_role("link", name="I have them: go on").click()

    # That page hands out keys: it asks for the password again.
    expect(page.get_by_role("heading", name="Please type your password again")).to_be_visible()
    expect(page.get_by_label("Your password")).to_be_focused()
    look(page, "password-again")
    page.get_by_label("Your password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This is not the password of gauss")
    look(page, "password-again-wrong")
    page.get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Issue keys")).to_be_visible()

    # The next time the code is asked for; without the device a backup code does.
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("Log in again")).to_be_visible()
    page.goto("/console/")
    sign_in(page)
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
    look(page, "second-step")
    page.get_by_label("Code").fill(backup)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
