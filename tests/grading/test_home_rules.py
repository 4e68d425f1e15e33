"""The stage of an exam, how its times are said, and the one next thing to do: by tables."""

from datetime import timedelta

import pytest

from apps.exams.enums import ExamStatus, StaffRole
from apps.exams.rules import roles
from apps.grading.enums import Stage
from apps.grading.rules import stages
from apps.grading.rules.next_steps import Facts, Step, next_step
from tests.factories import NOW

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def block(opens_in=-1, entry=None, length=2, **fields):
    """A block in Berlin, where it is 16:00 at NOW; all in hours."""
    opens_at = NOW + opens_in * HOUR
    closes_at = opens_at + length * HOUR
    entry_ends_at = closes_at if entry is None else opens_at + entry * HOUR
    return stages.Block(
        name="Main",
        zone="Europe/Berlin",
        opens_at=opens_at,
        entry_ends_at=entry_ends_at,
        closes_at=closes_at,
        **fields,
    )


WRITTEN_ON = block(opens_in=-3, open_until=NOW + HOUR / 2)
OVER = block(opens_in=-3)
TO_COME = block(opens_in=1)


@pytest.mark.parametrize(
    ("blocks", "facts", "stage"),
    [
        ([], {"status": ExamStatus.DRAFT}, Stage.DRAFT),
        ([block()], {"status": ExamStatus.DRAFT}, Stage.DRAFT),
        ([], {}, Stage.BEFORE),
        ([TO_COME], {}, Stage.BEFORE),
        ([block(opens_in=0)], {}, Stage.ENTRY),
        ([block(entry=1)], {}, Stage.OVER),
        ([block(entry=1, open_until=NOW)], {}, Stage.RUNNING),
        ([block(), TO_COME, OVER], {}, Stage.ENTRY),
        ([WRITTEN_ON, TO_COME], {}, Stage.RUNNING),
        ([OVER, TO_COME], {"paper_count": 4}, Stage.BETWEEN),
        ([OVER], {}, Stage.OVER),
        ([OVER], {"paper_count": 4, "unscored_count": 1}, Stage.GRADING),
        ([OVER], {"paper_count": 4}, Stage.SCORED),
        ([OVER], {"paper_count": 4, "is_published": True}, Stage.PUBLISHED),
        ([TO_COME], {"status": ExamStatus.CLOSED}, Stage.OVER),
        ([], {"status": ExamStatus.CLOSED}, Stage.OVER),
        ([block()], {"status": ExamStatus.CLOSED, "paper_count": 1}, Stage.SCORED),
        ([WRITTEN_ON], {"status": ExamStatus.CLOSED}, Stage.RUNNING),
    ],
)
def test_stage_of_exam(blocks, facts, stage):
    status = facts.pop("status", ExamStatus.READY)
    assert stages.stage_of_exam(status, blocks, NOW, **facts) == stage


@pytest.mark.parametrize(
    ("times", "exam_closed", "said"),
    [
        (block(opens_in=2), False, "opens 18:00 (Europe/Berlin)"),
        (block(opens_in=24), False, "opens Sunday 15 March, 16:00 (Europe/Berlin)"),
        (block(opens_in=365 * 24), False, "opens Sunday 14 March 2027, 16:00 (Europe/Berlin)"),
        (block(), False, "running until 17:00, entry open (Europe/Berlin)"),
        (block(entry=1.5), False, "entry open until 16:30, running until 17:00 (Europe/Berlin)"),
        (
            block(open_until=NOW + 3 * HOUR),
            False,
            "entry open until 17:00, running until 19:00 (Europe/Berlin)",
        ),
        (WRITTEN_ON, False, "running until 16:30 (Europe/Berlin)"),
        (block(open_until=NOW + HOUR / 2), True, "running until 16:30 (Europe/Berlin)"),
        (block(), True, "closed"),
        (OVER, False, "ended 15:00 (Europe/Berlin)"),
    ],
)
def test_say_block(times, exam_closed, said):
    assert stages.say_block(times, NOW, exam_closed=exam_closed) == said


def test_say_blocks_names_them_where_there_are_several():
    assert stages.say_blocks([], NOW) == ()
    assert stages.say_blocks([OVER], NOW) == ("Ended 15:00 (Europe/Berlin)",)
    assert stages.say_blocks([OVER, TO_COME], NOW) == (
        "Main: ended 15:00 (Europe/Berlin)",
        "Main: opens 17:00 (Europe/Berlin)",
    )


@pytest.mark.parametrize(
    ("blocks", "published_at", "past"),
    [
        ([], None, False),
        ([TO_COME], None, False),
        ([block(opens_in=-24 * 91)], None, True),
        ([block(opens_in=-24 * 89)], None, False),
        ([block(opens_in=-24 * 91), TO_COME], None, False),
        ([block(opens_in=-24 * 91, open_until=NOW)], None, False),
        ([block(opens_in=-24 * 91)], NOW - 13 * DAY, False),
        ([OVER], NOW - 15 * DAY, True),
    ],
)
def test_is_past(blocks, published_at, past):
    assert stages.is_past(blocks, NOW, published_at=published_at) is past


def test_every_stage_has_its_place_in_the_order():
    assert set(stages.IN_ORDER) == set(Stage)


ORGANISER, LEAD, GRADER, PROCTOR, OBSERVER = (roles.PERMISSIONS[role] for role in StaffRole)


@pytest.mark.parametrize(
    ("facts", "step", "words"),
    [
        ({"stage": Stage.DRAFT, "problem_count": 0}, Step.PROBLEM, "Write the first problem"),
        ({"stage": Stage.DRAFT, "block_count": 0}, Step.BLOCK, "Add a time block"),
        ({"stage": Stage.DRAFT}, Step.CONTESTANTS, "Import the roster, or issue keys without one"),
        ({"stage": Stage.DRAFT, "registered": 5, "without_key": 5}, Step.READY, "Set the exam ready"),
        (
            {"stage": Stage.BEFORE, "registered": 300, "without_key": 120},
            Step.KEYS,
            "Issue keys for 120 contestants without one",
        ),
        (
            {"stage": Stage.BETWEEN, "registered": 3, "without_key": 1},
            Step.KEYS,
            "Issue keys for 1 contestant without one",
        ),
        (
            {"stage": Stage.BEFORE, "registered": 3},
            Step.PREVIEW,
            "Everything is ready: look at the paper once more",
        ),
        (
            {"stage": Stage.ENTRY, "registered": 3, "writing": 2},
            Step.WATCH,
            "Watch the sitting: 2 contestants are writing",
        ),
        (
            {"stage": Stage.RUNNING, "writing": 1, "unqueued": 7},
            Step.WATCH,
            "Watch the sitting: 1 contestant is writing",
        ),
        ({"stage": Stage.GRADING, "unqueued": 7, "unscored": 9}, Step.RESULTS, "Queue 7 answers"),
        ({"stage": Stage.GRADING, "unscored": 1}, Step.RESULTS, "1 answer waits for a score"),
        ({"stage": Stage.GRADING, "unscored": 12}, Step.RESULTS, "12 answers wait for a score"),
        ({"stage": Stage.SCORED}, Step.RESULTS, "Publish the results"),
        (
            {"stage": Stage.SCORED, "publication": 2},
            Step.RESULTS,
            "Publish the results again: publication 2 was withdrawn",
        ),
        (
            {"stage": Stage.PUBLISHED, "publication": 2},
            Step.RESULTS,
            "Results are published (publication 2)",
        ),
        ({"stage": Stage.OVER, "registered": 3}, Step.NOTHING, "The sitting is over."),
    ],
)
def test_next_step_of_an_organiser(facts, step, words):
    found = next_step(Facts(**facts), ORGANISER)
    assert (found.step, found.words) == (step, words)


@pytest.mark.parametrize("allowed", [GRADER, LEAD])
@pytest.mark.parametrize(
    ("facts", "step", "words"),
    [
        ({"stage": Stage.DRAFT, "problem_count": 0}, Step.NOTHING, "Nothing to grade yet."),
        ({"stage": Stage.ENTRY, "writing": 3}, Step.NOTHING, "Nothing to grade yet."),
        ({"stage": Stage.RUNNING, "waiting": 1}, Step.DESK, "Grade the next answer: 1 waits"),
        (
            {"stage": Stage.GRADING, "waiting": 34, "unqueued": 5, "unscored": 39},
            Step.DESK,
            "Grade the next answer: 34 wait",
        ),
        ({"stage": Stage.GRADING, "held": 1}, Step.DESK, "Go on with 1 answer that you hold"),
        (
            {"stage": Stage.GRADING, "waiting": 4, "held": 3},
            Step.DESK,
            "Go on with 3 answers that you hold; 4 wait besides",
        ),
        ({"stage": Stage.GRADING, "unqueued": 5, "unscored": 5}, Step.DESK, "Queue 5 answers"),
        (
            {"stage": Stage.GRADING, "unscored": 3},
            Step.NOTHING,
            "Nothing waits for you: others are at the last answers.",
        ),
        ({"stage": Stage.SCORED}, Step.NOTHING, "Everything is scored. Thank you."),
        ({"stage": Stage.PUBLISHED, "publication": 1}, Step.NOTHING, "Everything is scored. Thank you."),
    ],
)
def test_next_step_of_graders(allowed, facts, step, words):
    found = next_step(Facts(**facts), allowed)
    assert (found.step, found.words) == (step, words)


@pytest.mark.parametrize(
    ("referred", "words"), [(1, "1 answer was sent to you"), (3, "3 answers were sent to you")]
)
def test_what_was_sent_to_the_lead_comes_first_for_a_lead(referred, words):
    facts = Facts(stage=Stage.GRADING, referred=referred, held=1, waiting=4, unscored=8)
    found = next_step(facts, LEAD)
    assert (found.step, found.words) == (Step.REFERRALS, words)
    assert next_step(facts, GRADER).words == "Go on with 1 answer that you hold; 4 wait besides"


@pytest.mark.parametrize(
    ("facts", "step", "words"),
    [
        ({"stage": Stage.BEFORE}, Step.NOTHING, "Nothing to do until it opens."),
        (
            {"stage": Stage.RUNNING, "writing": 80},
            Step.WATCH,
            "Move a deadline if need be: 80 contestants are writing",
        ),
        ({"stage": Stage.GRADING, "unscored": 3}, Step.NOTHING, "The sitting is over."),
    ],
)
def test_next_step_of_a_proctor(facts, step, words):
    found = next_step(Facts(**facts), PROCTOR)
    assert (found.step, found.words) == (step, words)


@pytest.mark.parametrize("stage", Stage)
def test_an_observer_has_nothing_to_do(stage):
    found = next_step(Facts(stage=stage, unscored=3, waiting=3, unqueued=3), OBSERVER)
    assert (found.step, found.words) == (Step.NOTHING, "Nothing to do: you may look.")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"stage": Stage.RUNNING, "waiting": 3}, "Watch the sitting: 0 contestants are writing"),
        ({"stage": Stage.GRADING, "waiting": 3}, "Grade the next answer: 3 wait"),
        ({"stage": Stage.SCORED}, "Publish the results"),
    ],
)
def test_whoever_may_do_everything_is_led_through_all_of_it(facts, words):
    assert next_step(Facts(**facts), roles.ALL).words == words
