"""The door, in a real browser: what is mistyped is found before anything is sent."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.access.rules import keys
from apps.access.services.issuing import issue_anonymous_keys
from tests.factories import TimeBlockFactory
from tests.journeys.conftest import DESKTOP, PHONE


@pytest.fixture
def issued():
    now = timezone.now()
    exam = TimeBlockFactory(opens_at=now - timedelta(minutes=5)).exam
    [one] = issue_anonymous_keys(exam_id=exam.pk, count=1, actor=None, now=now)
    return one


def another(symbol):
    return keys.ALPHABET[(keys.ALPHABET.index(symbol) + 1) % 31]


def test_a_mistyped_key_is_found_in_the_browser_and_its_group_named(page, issued, look):
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto("/")
    look(page, "entry")
    field, button = page.get_by_test_id("access-key"), page.get_by_test_id("enter")
    error = page.get_by_test_id("entry-error")
    wrong = issued.key[:6] + another(issued.key[6]) + issued.key[7:]
    # Typed as people do: small letters, no dashes; the field sets the groups.
    field.press_sequentially(wrong.replace("-", "").lower())
    expect(field).to_have_value(wrong.lower())
    button.click()
    expect(error).to_have_text("Check the second group of four.")
    expect(field).to_be_focused()
    look(page, "entry-mistyped")
    field.fill(issued.key[:-1] + "0")
    button.click()
    expect(error).to_have_text("Check the fourth group of four. A key has no 0, O, 1, I or L.")
    field.fill("ABCD")
    field.press("Enter")
    expect(error).to_have_text("A key has 16 symbols in four groups of four. You typed 4.")
    assert sent == []
    field.fill(keys.printed(keys.new_key()))
    button.click()
    expect(error).to_have_text("We do not know this key. Compare it with your slip letter by letter.")
    look(page, "entry-unknown")
    field.fill(issued.key)
    button.click()
    page.wait_for_url("**/exam/")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_a_key_in_the_link_fills_the_field_and_leaves_the_address(open_page, issued, look, viewport):
    page = open_page(viewport=viewport)
    page.goto(f"/#{issued.key.lower()}")
    expect(page.get_by_test_id("access-key")).to_have_value(issued.key)
    expect(page.get_by_test_id("enter")).to_be_focused()
    assert "#" not in page.url
    look(page, "entry-link")
    page.keyboard.press("Enter")
    page.wait_for_url("**/exam/")


def test_a_browser_that_crashed_asks_whom_it_belongs_to(open_page, issued, look):
    page = open_page(viewport=PHONE)
    page.goto(f"/#{issued.key}")
    page.get_by_test_id("enter").click()
    page.wait_for_url("**/exam/")
    # What a crash leaves: the cookies with a date. The others were in memory.
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.context.add_cookies([cookie for cookie in cookies if cookie["expires"] > 0])
    page.goto("/exam/")
    page.wait_for_url(lambda url: url.endswith("/"))
    look(page, "entry-continue")
    page.get_by_test_id("continue").click()
    page.wait_for_url("**/exam/")
    page.goto("/")
    page.get_by_test_id("someone-else").click()
    expect(page.get_by_test_id("access-key")).to_be_visible()


def test_the_door_opens_without_scripts(open_page, issued):
    page = open_page(java_script_enabled=False)
    page.goto("/")
    page.get_by_test_id("access-key").fill("hello")
    page.get_by_test_id("enter").click()
    expect(page.get_by_test_id("entry-error")).to_have_text(
        "We do not know this key. Compare it with your slip letter by letter."
    )
    page.get_by_test_id("access-key").fill(issued.key.replace("-", " ").lower())
    page.get_by_test_id("enter").click()
    page.wait_for_url("**/exam/")
