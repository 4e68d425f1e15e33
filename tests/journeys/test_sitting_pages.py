"""From the waiting room to the receipt: what each page says, and that everybody can read it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from playwright.sync_api import expect

from apps.exams.enums import ClockKind
from apps.submissions.models import Submission
from tests import factories
from tests.journeys.conftest import PHONE
from tests.journeys.paper_page import INTEGER, Contestant, start_paper


@pytest.fixture
def register(transactional_db):
    """Register a contestant for an exam whose block opens in so many seconds."""

    def build(*, opens_in, clock=ClockKind.COMMON, last_entry_in=None, closes_in=7200, **registration):
        now = datetime.now(tz=UTC)
        minutes = {"duration_minutes": 60} if clock == ClockKind.PERSONAL else {}
        exam = factories.ExamFactory(clock=clock, **minutes)
        block = factories.TimeBlockFactory(
            exam=exam,
            opens_at=now + timedelta(seconds=opens_in),
            last_entry_at=last_entry_in and now + timedelta(seconds=last_entry_in),
            closes_at=now + timedelta(seconds=closes_in),
        )
        registered = factories.RegistrationFactory(exam=exam, time_block=block, **registration)
        factories.ProblemFactory(exam=exam, number=1)
        factories.AccessKeyFactory(contestant=registered.contestant)
        return registered

    return build


@pytest.fixture
def arrive(open_page, live_server):
    """Open the cover as a contestant who has just entered."""

    def build(registration, **browser):
        page = open_page(**browser)
        page.clock.install()
        Contestant(page, live_server.url, registration).sign_in()
        page.goto("/exam/")
        return page

    return build


def test_the_waiting_room_of_a_common_clock_opens_by_itself(register, arrive):
    registration = register(opens_in=3600)
    page = arrive(registration)
    expect(page.get_by_role("main")).to_contain_text("Your key is right. The paper opens")
    expect(page.get_by_test_id("timer")).to_have_text(re.compile(r"^(1:00:00|59:\d\d)$"))
    open_now(registration, page)
    page.wait_for_url("**/exam/paper/")
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")


def test_the_waiting_room_fetches_the_whole_paper_before_the_rush(register, arrive):
    page = arrive(register(opens_in=3600))
    modules = {path.name for path in (settings.BASE_DIR / "static" / "js" / "paper").glob("*.js")}
    preloaded = page.locator("link[rel=modulepreload]").evaluate_all("links => links.map(link => link.href)")
    assert {address.rsplit("/", 1)[1] for address in preloaded} == modules | {"idb-keyval.js"}


def test_a_personal_clock_starts_on_a_press_only(register, arrive):
    registration = register(opens_in=3600, clock=ClockKind.PERSONAL)
    page = arrive(registration)
    expect(page.get_by_role("main")).to_contain_text("Your time begins when you press it.")
    open_now(registration, page)
    page.get_by_test_id("start").wait_for()
    assert not Submission.objects.exists()
    page.get_by_test_id("start").click()
    page.wait_for_url("**/exam/paper/")


def open_now(registration, page):
    """An hour passes on the page; on the server the block has just opened."""
    block = registration.time_block
    type(block).objects.filter(pk=block.pk).update(opens_at=datetime.now(tz=UTC) - timedelta(seconds=1))
    page.clock.fast_forward("01:00:00")
    page.clock.fast_forward(5000)  # the few seconds over which a school is spread


def test_who_comes_late_reads_how_much_time_is_left(register, arrive):
    page = arrive(register(opens_in=-3600, clock=ClockKind.PERSONAL, closes_in=1830))
    expect(page.get_by_role("main")).to_contain_text("If you start now you have 30 of 60 minutes")


def test_who_comes_too_late_reads_what_to_do(register, arrive):
    registration = register(opens_in=-7200, closes_in=-60)
    page = arrive(registration)
    number = registration.contestant.public_number
    expect(page.get_by_role("main")).to_contain_text(f"Tell your proctor your number {number}.")
    expect(page.get_by_test_id("start")).to_have_count(0)


def test_times_are_told_in_the_zone_of_the_exam_and_of_the_device(register, arrive):
    page = arrive(register(opens_in=3600), timezone_id="Asia/Tokyo")
    expect(page.get_by_role("main")).to_contain_text("on this device)")
    page = arrive(register(opens_in=3600), timezone_id="Europe/Berlin")
    expect(page.get_by_role("main")).to_contain_text("The paper opens")
    expect(page.get_by_role("main")).not_to_contain_text("on this device")


def test_the_bar_tells_the_devices_time_where_it_differs(open_page, live_server, look, transactional_db):
    submission = start_paper()
    elsewhere = open_page(viewport=PHONE, timezone_id="Asia/Tokyo")
    Contestant(elsewhere, live_server.url, submission.registration).sign_in()
    elsewhere.goto("/exam/paper/")
    both = r"\d\d:\d\d \(\d\d:\d\d on this device\)"
    expect(elsewhere.get_by_test_id("timer")).to_contain_text(re.compile(f"until {both}"))
    expect(elsewhere.get_by_test_id("save-state")).to_have_text(
        re.compile(r"^All saved \d\d:\d\d:\d\d \(\d\d:\d\d:\d\d on this device\)$")
    )
    look(elsewhere, "paper-elsewhere")
    here = open_page(timezone_id="Europe/Berlin")
    Contestant(here, live_server.url, submission.registration).sign_in()
    here.goto("/exam/paper/")
    expect(here.get_by_test_id("save-state")).to_have_text(re.compile(r"^All saved \d\d:\d\d:\d\d$"))


def test_the_clock_is_the_servers_whatever_the_device_believes(page, live_server, transactional_db):
    page.clock.install(time="2031-01-01T00:00:00Z")
    page.clock.resume()
    contestant = Contestant(page, live_server.url, start_paper(seconds_left=303).registration)
    contestant.sign_in()
    page.goto("/exam/paper/")
    expect(page.get_by_test_id("timer")).to_contain_text("5:0")
    expect(page.locator("[data-announcer]")).to_have_text("5 minutes left.", timeout=10000)


def test_the_other_exams_of_a_key_can_be_chosen(register, arrive):
    first = register(opens_in=-60)
    other = factories.TimeBlockFactory(
        exam__contest=first.exam.contest, exam__title="Team Round", opens_at=first.time_block.opens_at
    )
    factories.RegistrationFactory(exam=other.exam, time_block=other, contestant=first.contestant)
    page = arrive(first)
    page.get_by_role("button", name="Go to Team Round").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Team Round")


def test_practice_is_said_on_every_page(register, arrive):
    page = arrive(register(opens_in=3600, tester=True))
    for _ in ("cover", "paper", "submit", "receipt"):
        expect(page.get_by_text("Practice: nothing here counts")).to_be_visible()
        forward = page.locator("[data-testid=start], [data-testid=submit], [data-testid=confirm-submit]")
        if forward.count():
            forward.click()
            page.wait_for_load_state()
    expect(page.get_by_test_id("receipt-code")).to_be_visible()


@pytest.mark.parametrize(
    "browser",
    [
        pytest.param({}, id="desk"),
        pytest.param({"viewport": PHONE, "color_scheme": "dark"}, id="phone-dark"),
    ],
)
def test_every_page_of_the_sitting_can_be_read_by_all(
    register, arrive, open_page, live_server, look, browser
):
    look(arrive(register(opens_in=3600), **browser), "waiting-room")
    look(arrive(register(opens_in=-60, clock=ClockKind.PERSONAL), **browser), "cover")
    look(arrive(register(opens_in=-7200, closes_in=-60), **browser), "missed")
    page = open_page(**browser)
    contestant = Contestant(page, live_server.url, start_paper().registration)
    contestant.sign_in()
    paper = contestant.open_paper()
    paper.writes("about 12", INTEGER)
    paper.writes("Let $n$ be even.")
    paper.sees("saving")
    paper.sees("saved")
    look(paper.page, "paper")
    with contestant.without_network():
        paper.writes("Let $n$ be odd.")
        paper.page.get_by_test_id("submit").click()
        paper.sees("offline")
        look(paper.page, "paper-offline")
    paper.page.wait_for_url("**/exam/submit/")
    look(paper.page, "hand-in")
    paper.page.get_by_test_id("confirm-submit").click()
    code = paper.page.get_by_test_id("receipt-code").inner_text()
    look(paper.page, "receipt")
    paper.page.goto(f"/receipts/{code}/")
    expect(paper.page.get_by_role("heading", level=1)).to_have_text("This receipt is genuine")
    look(paper.page, "receipt-public")
    paper.page.goto("/receipts/AAAA-AAAA/")
    expect(paper.page.get_by_role("heading", level=1)).to_have_text("We do not know this receipt")
