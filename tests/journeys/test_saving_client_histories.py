"""Thousands of random histories of tabs, devices, crashes and lost messages, in the browser's own engine."""

from pathlib import Path

import pytest

HISTORIES = (Path(__file__).parent / "histories.js").read_text()
COUNT = 3000


@pytest.fixture
def play(page, live_server):
    """Play random histories with the page's own modules; `fault` breaks one of their rules."""

    def run(*, devices, fault=None):
        page.goto("/healthz")
        options = {"address": live_server.url, "histories": COUNT, "devices": devices, "fault": fault}
        return page.evaluate(HISTORIES, options)

    return run


def test_several_devices_never_lose_a_text(play):
    outcome = play(devices=2)
    assert outcome["conflicts"] > 0  # the histories are wild enough to need the contestant's word
    assert (outcome["lost"], outcome["unsent"], outcome["untrue"]) == (0, 0, 0)


def test_one_browser_never_asks_which_version_counts(play):
    outcome = play(devices=1)
    assert outcome == {"lost": 0, "unsent": 0, "untrue": 0, "conflicts": 0}


def test_without_the_journal_texts_are_lost(play):
    assert play(devices=2, fault="no journal")["lost"] > 0


def test_without_repeating_the_same_op_a_browser_conflicts_with_itself(play):
    assert play(devices=1, fault="new op")["conflicts"] > 0
