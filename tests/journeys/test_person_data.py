"""An organiser looks at what is kept about a contestant, and erases it."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import DESKTOP, PHONE
from tests.support.canaries import build_world, canary

PASSWORD = "a long enough password"


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_an_organiser_erases_a_contestant(open_page, look, viewport):
    world = build_world()
    world.organiser.set_password(PASSWORD)
    world.organiser.save()
    page = open_page(viewport=viewport)
    page.goto(f"/console/submissions/submission/contestant/{world.contestant.pk}/")
    page.get_by_label("Username").fill(world.organiser.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    look(page, "contestant")
    page.get_by_role("link", name="Data protection").click()
    look(page, "contestant-data")

    # The reason names the person: refused after the password, and everything is still there.
    page.get_by_label("Reason").fill(f"{canary('Ana')}’s mother asked")
    page.get_by_label("Contestant number, typed again").fill(world.contestant.public_number)
    page.get_by_test_id("erase").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert").filter(has_text="The reason names the person")).to_be_visible()
    look(page, "contestant-data-refused")

    page.get_by_label("Reason").fill("The parents asked")
    page.get_by_label("Contestant number, typed again").fill(world.contestant.public_number)
    page.get_by_test_id("erase").click()
    expect(page.get_by_text("is erased.")).to_be_visible()
    look(page, "contestant-data-erased")
    page.get_by_role("link", name=world.contestant.public_number).click()
    expect(page.get_by_text("This contestant was erased on")).to_be_visible()
    look(page, "contestant-erased")
