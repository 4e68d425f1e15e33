"""Two tabs, two devices, a shared computer, a killed browser: whoever writes, every word stays."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import CHROMIUM, FLAGS
from tests.journeys.paper_page import SAVE, signed_in, start_paper


@pytest.fixture
def elsewhere(open_page, live_server, submission):
    """The same contestant at another device."""
    return signed_in(open_page(), live_server, submission.registration)


def test_a_second_tab_takes_over_what_the_first_had_not_sent(contestant):
    first = contestant.open_paper()
    with contestant.without_network():
        first.writes("from the first tab")
        first.sees("offline")
    second = contestant.open_paper()
    second.holds("from the first tab")
    first.shows("other-tab")
    assert first.is_locked()
    second.writes("from the first tab and the second")
    second.sees("saving")
    second.sees("saved")
    first.page.wait_for_timeout(1500)
    second.page.reload()
    second.holds("from the first tab and the second")
    second.sees("saved")
    assert second.answer() == "from the first tab and the second"


def test_another_device_takes_over_and_both_texts_are_shown(contestant, elsewhere):
    here = contestant.open_paper()
    here.writes("written here")
    here.sees("saving")
    here.sees("saved")
    there = elsewhere.open_paper()
    there.writes("written there")
    there.sees("saving")
    there.sees("saved")
    here.writes("written here, and more")
    here.sees("conflict")
    here.shows("taken-over", "If that was not you, tell your proctor now.")
    assert here.is_locked()
    assert here.answer() == "written there"
    assert ("written here, and more", "conflict") in here.revisions()

    here.notice("taken-over").get_by_role("button", name="Write here instead").click()
    panel = here.page.locator("#problem-4 [data-conflict]")
    expect(panel).to_contain_text("written there")
    here.holds("written here, and more")
    panel.locator("[data-keep=mine]").click()
    here.sees("saved")
    assert here.answer() == "written here, and more"


def test_of_two_versions_the_other_may_count(contestant, elsewhere):
    here = contestant.open_paper()
    there = elsewhere.open_paper()
    there.writes("theirs")
    there.sees("saving")
    there.sees("saved")
    here.writes("mine")
    here.sees("conflict")
    here.notice("taken-over").get_by_role("button", name="Write here instead").click()
    here.page.locator("#problem-4 [data-keep=theirs]").click()
    here.holds("theirs")
    here.sees("saved")
    assert here.answer() == "theirs"
    assert ("mine", "conflict") in here.revisions()


def test_the_journal_is_sealed_and_gone_once_the_receipt_is_seen(contestant):
    paper = contestant.open_paper()
    paper.writes("nobody else reads this")
    paper.sees("saving")
    paper.sees("saved")
    paper.page.wait_for_timeout(300)
    [record] = paper.journal()
    assert record["sealed"]
    assert not record["key"]
    assert "token" not in record
    paper.page.get_by_test_id("submit").click()
    paper.page.get_by_test_id("confirm-submit").click()
    expect(paper.page.get_by_test_id("receipt-code")).to_be_visible()
    paper.page.wait_for_timeout(500)
    assert paper.journal() == []


def test_a_shared_computer_sends_the_work_of_who_sat_there_before(contestant, page, live_server):
    paper = contestant.open_paper()
    with contestant.without_network():
        paper.writes("work of the first")
        paper.sees("offline")
        assert all("work of the first" not in str(record) for record in paper.journal())
        paper.page.close()
        contestant.context.clear_cookies()
        second = signed_in(page, live_server, start_paper().registration)
        other = second.open_paper()
        number = contestant.registration.contestant.public_number
        sending = other.page.locator("[data-sending]")
        expect(sending).to_be_visible()
        expect(sending).to_contain_text(f"still sending work of contestant {number}")
    expect(sending).to_be_hidden(timeout=10000)
    assert paper.answer() == "work of the first"
    other.holds("")


def test_over_plain_http_the_page_works_and_says_what_is_off(contestant):
    # localhost counts as secure; what a school's network lacks is taken away here.
    contestant.context.add_init_script(
        """for (const [owner, name] of [[Crypto, "subtle"], [Crypto, "randomUUID"], [Navigator, "locks"]])
             Object.defineProperty(owner.prototype, name, { value: undefined });"""
    )
    paper = contestant.open_paper()
    paper.shows("plain", "without encryption")
    with contestant.without_network():
        paper.writes("plain words")
        paper.sees("offline")
        paper.page.reload()
        paper.holds("plain words")
    paper.sees("saved")
    assert paper.answer() == "plain words"


def test_without_a_store_the_page_saves_and_says_that_it_keeps_no_copy(contestant):
    contestant.context.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined });")
    paper = contestant.open_paper()
    paper.shows("memory")
    paper.writes("no copy")
    paper.sees("saving")
    paper.sees("saved")
    assert paper.answer() == "no copy"


def test_a_killed_browser_has_kept_every_word(chromium, live_server, submission, tmp_path):
    with killable_browser(chromium, tmp_path) as context:
        sitting = signed_in(context.new_page(), live_server, submission.registration)
        paper = sitting.open_paper()
        context.route(SAVE, lambda route: route.abort())
        paper.writes("typed, never sent")
        paper.sees("offline")
    with killable_browser(chromium, tmp_path) as context:
        sitting = signed_in(context.new_page(), live_server, submission.registration)
        paper = sitting.open_paper()
        paper.holds("typed, never sent")
        assert paper.counted() == ["typed, never sent"]


@contextmanager
def killable_browser(chromium, profile):
    """A browser of its own, with a profile on disk; it ends by SIGKILL."""
    port_file = profile / "DevToolsActivePort"
    port_file.unlink(missing_ok=True)
    # No window of its own: attaching hangs now and then where a killed profile's first tab is just loading.
    ours = [
        "--headless=new",
        "--no-startup-window",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
    ]
    process = subprocess.Popen(
        [CHROMIUM, *FLAGS, *ours],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not port_file.exists() or not port_file.read_text():
            assert process.poll() is None
            time.sleep(0.05)
        port = port_file.read_text().splitlines()[0]
        yield chromium.browser_type.connect_over_cdp(f"http://127.0.0.1:{port}").contexts[0]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
