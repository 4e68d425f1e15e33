"""Staff at the console's door: signing in, and being locked out."""

import pytest
from django.contrib.auth import get_user_model
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
