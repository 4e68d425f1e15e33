"""What the report says of what was found."""

import pytest

from chaos import report
from chaos.outcome import Outcome
from chaos.report import Results
from chaos.seeding import Catch

ABOUT = {
    "commit": "abc",
    "at": "2026-01-01",
    "machine": "2 cores",
    "seed": 1,
    "contestants": 9,
    "minutes": 30.0,
}


def outcome(lost):
    made = Outcome("4", "PostgreSQL stops", done="pg_ctl | start")
    made.tell("acknowledged", 1234, "60,000 asked")
    made.most("lost", lost, 0)
    made.most("back", 0.5, 15, " s")
    return made


def catch(is_caught):
    return Catch("ack", "the answer goes out early", "workers", is_caught, "lost 3; without it 0")


def test_an_outcome_holds_unless_a_judged_figure_is_beyond_its_limit():
    assert [outcome(0).verdict, outcome(1).verdict] == ["held", "BROKEN"]
    assert Outcome("4", "PostgreSQL stops", error="it broke off").verdict == "DID NOT RUN"
    skipped = Outcome("7", "Full disk", skipped="mount refused")
    assert (skipped.verdict, skipped.holds) == ("not possible here", True)


def test_an_outcome_comes_back_from_its_tree():
    assert Outcome.from_tree(outcome(1).as_tree()) == outcome(1)


@pytest.mark.parametrize(
    ("lost", "is_caught", "hold"), [(0, True, True), (1, True, False), (0, False, False)]
)
def test_results_hold_only_if_all_promises_do_and_all_defects_are_caught(lost, is_caught, hold):
    assert Results(ABOUT, [outcome(lost)], [catch(is_caught)], 60).hold is hold


def test_the_page_names_what_was_reached_beside_what_was_asked_and_marks_what_is_broken():
    page = report.page(Results(ABOUT, [outcome(1)], [catch(is_caught=False)], 60, ["6", "7"]))
    assert "0 of 1 tests held, 0 of 1 seeded defects caught; 1.0 minutes." in page
    assert (
        "| 4 PostgreSQL stops | pg_ctl \\| start | acknowledged 1,234 (60,000 asked); **lost 1 (0)**;"
        " back 0.5 s (≤ 15 s) | BROKEN |" in page
    )
    assert "| the answer goes out early | workers | lost 3; without it 0 | MISSED |" in page
    assert "Not in this run (`CHAOS=full make chaos`): 6, 7." in page
