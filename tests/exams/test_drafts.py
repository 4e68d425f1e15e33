"""Reading an exam from a tree: every fault has a place and a sentence."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.exams.enums import ClockKind, LateStart, ProblemKind, ResultsPolicy
from apps.exams.rules.drafts import fault_of_accepted, fault_of_choices, read_exam
from tests.exams.papers import TREE, tree


def test_read_exam_reads_what_is_there_and_fills_in_the_rest():
    draft, faults = read_exam(TREE)
    assert faults == []
    assert (draft.slug, draft.title, draft.zone) == ("spring-2026", "Spring Round", "Europe/Berlin")
    assert (draft.clock, draft.duration_minutes, draft.late_start) == (
        ClockKind.COMMON,
        None,
        LateStart.COMMON_END,
    )
    assert (draft.grace_seconds, draft.blind, draft.results) == (30, True, ResultsPolicy.OWN)
    block = draft.time_blocks[0]
    assert block.opens_at == datetime(2026, 3, 14, 14, tzinfo=UTC)
    assert block.closes_at == datetime(2026, 3, 14, 17, tzinfo=UTC)
    assert (block.zone, block.last_entry_at) == ("", None)
    first, second = draft.problems
    assert first.kind == ProblemKind.CHOICE
    assert [choice.label for choice in first.choices] == ["A", "B"]
    assert (second.max_points, second.accepted, second.pages) == (Decimal(7), ("42",), False)


@pytest.mark.parametrize(
    ("change", "attribute", "value"),
    [
        ({"slug": 2026}, "slug", "2026"),
        ({"slug": "007"}, "slug", "007"),
        ({"title": 42}, "title", "42"),
        ({"grace_seconds": "0"}, "grace_seconds", 0),
        ({"grace_seconds": 600}, "grace_seconds", 600),
        ({"blind": False}, "blind", False),
        ({"clock": "personal", "duration_minutes": 60}, "duration_minutes", 60),
        ({"time_blocks": []}, "time_blocks", ()),
        ({"time_blocks": ...}, "time_blocks", ()),
        ({"instructions": None}, "instructions", ""),
    ],
)
def test_read_exam_takes(change, attribute, value):
    draft, faults = read_exam(tree(**change))
    assert faults == []
    assert getattr(draft, attribute) == value


@pytest.mark.parametrize(
    ("points", "value"), [("7", "7"), (7, "7"), ("2.5", "2.5"), (Decimal("0.25"), "0.25"), ("1000", "1000")]
)
def test_read_exam_takes_points(points, value):
    draft, _ = read_exam(tree(**{"problems.0.max_points": points}))
    assert draft.problems[0].max_points == Decimal(value)


def test_read_exam_takes_a_moment_that_is_already_one():
    moment = datetime(2026, 3, 14, 14, tzinfo=UTC)
    draft, faults = read_exam(tree(**{"time_blocks.0.opens_at": moment}))
    assert faults == []
    assert draft.time_blocks[0].opens_at == moment


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        ({"format": ...}, "format", "is missing"),
        ({"format": "examgrader/2"}, "format", "expected examgrader/1"),
        ({"slug": ...}, "slug", "is missing"),
        ({"slug": ""}, "slug", "must not be blank"),
        ({"slug": "two words"}, "slug", "expected letters, digits"),
        ({"slug": "x" * 61}, "slug", "longer than 60"),
        ({"title": ["a"]}, "title", "expected text"),
        ({"title": True}, "title", "expected text; put it in quotes"),
        ({"title": 1.5}, "title", "expected text; put it in quotes"),
        ({"title": "a\x00"}, "title", "NUL"),
        ({"zone": ...}, "zone", "is missing"),
        ({"zone": "Berlin"}, "zone", "“Berlin” is not a time zone"),
        ({"clock": "mine"}, "clock", "“mine” is none of common, personal"),
        ({"clock": "personal"}, "duration_minutes", "is missing"),
        ({"duration_minutes": 60}, "duration_minutes", "goes with clock: personal only"),
        ({"late_start": "full_time"}, "late_start", "goes with clock: personal only"),
        ({"clock": "personal", "duration_minutes": 0}, "duration_minutes", "whole number from 1 to 10080"),
        ({"clock": "personal", "duration_minutes": "1h"}, "duration_minutes", "whole number"),
        ({"grace_seconds": 601}, "grace_seconds", "whole number from 0 to 600"),
        ({"grace_seconds": "-1"}, "grace_seconds", "whole number"),
        ({"grace_seconds": True}, "grace_seconds", "whole number"),
        ({"blind": "yes"}, "blind", "expected true or false"),
        ({"results": "all"}, "results", "is none of own, list, public"),
        ({"tittle": "x"}, "tittle", "unknown key; did you mean title?"),
        ({"xyz": "x"}, "xyz", "unknown key"),
        ({"time_blocks": {"a": 1}}, "time_blocks", "expected a list"),
        ({"time_blocks.0": "x"}, "time_blocks[0]", "expected a mapping"),
        ({"time_blocks.0.name": ...}, "time_blocks[0].name", "is missing"),
        ({"time_blocks.0.zone": "Mars/Base"}, "time_blocks[0].zone", "not a time zone"),
        ({"time_blocks.0.opens_at": ...}, "time_blocks[0].opens_at", "is missing"),
        ({"time_blocks.0.opens_at": "noon"}, "time_blocks[0].opens_at", "expected a time such as"),
        ({"time_blocks.0.opens_at": "2026-03-14"}, "time_blocks[0].opens_at", "expected a time such as"),
        (
            {"time_blocks.0.opens_at": "2026-02-30T15:00:00+01:00"},
            "time_blocks[0].opens_at",
            "no moment of the calendar",
        ),
        (
            {"time_blocks.0.opens_at": "2026-03-14T15:00:00"},
            "time_blocks[0].opens_at",
            "without an offset; did you mean 2026-03-14T15:00:00+01:00?",
        ),
        (
            {"time_blocks.0.opens_at": datetime(2026, 3, 14, 15)},  # noqa: DTZ001
            "time_blocks[0].opens_at",
            "without an offset",
        ),
        (
            {"time_blocks.0.opens_at": "2026-03-29T02:30:00"},
            "time_blocks[0].opens_at",
            "one that daylight saving skips in Europe/Berlin",
        ),
        (
            {"time_blocks.0.opens_at": "2026-03-29T02:30:00+01:00"},
            "time_blocks[0].opens_at",
            "in Europe/Berlin this moment is 2026-03-29T03:30:00+02:00",
        ),
        (
            {"time_blocks.0.closes_at": "2026-07-14T15:00:00+01:00"},
            "time_blocks[0].closes_at",
            "in Europe/Berlin this moment is 2026-07-14T16:00:00+02:00",
        ),
        (
            {"time_blocks.0.closes_at": "2026-03-14T14:00:00Z"},
            "time_blocks[0].closes_at",
            "must lie after opens_at",
        ),
        (
            {"time_blocks.0.last_entry_at": "2026-03-14T14:00:00Z"},
            "time_blocks[0].last_entry_at",
            "must lie after opens_at and not after closes_at",
        ),
        (
            {"time_blocks.0.last_entry_at": "2026-03-14T17:00:01Z"},
            "time_blocks[0].last_entry_at",
            "must lie after opens_at and not after closes_at",
        ),
        (
            {"time_blocks": TREE["time_blocks"] * 2},
            "time_blocks[1].name",
            "a second time block named “Europe”",
        ),
        ({"problems": ...}, "problems", "at least one problem"),
        ({"problems": []}, "problems", "at least one problem"),
        ({"problems": "x"}, "problems", "expected a list"),
        ({"problems.0.number": 2}, "problems[1].number", "a second problem 2"),
        ({"problems.1.number": 0}, "problems[1].number", "whole number from 1 to 999"),
        ({"problems.1.number": ...}, "problems[1].number", "is missing"),
        ({"problems.1.kind": "essay"}, "problems[1].kind", "is none of choice, integer, expression, proof"),
        ({"problems.1.max_points": "0"}, "problems[1].max_points", "points above 0 and up to 1000"),
        ({"problems.1.max_points": "1000.01"}, "problems[1].max_points", "points above 0"),
        ({"problems.1.max_points": "1.005"}, "problems[1].max_points", "at most two decimals"),
        ({"problems.1.max_points": "NaN"}, "problems[1].max_points", "points above 0"),
        ({"problems.1.max_points": ...}, "problems[1].max_points", "is missing"),
        ({"problems.1.statement": " "}, "problems[1].statement", "must not be blank"),
        ({"problems.1.statment": "x"}, "problems[1].statment", "did you mean statement?"),
        ({"problems.1.pages": 1}, "problems[1].pages", "expected true or false"),
        ({"problems.0.choices": []}, "problems[0].choices", "at least two choices"),
        ({"problems.0.choices.1.label": "A"}, "problems[0].choices", "two choices have the same label"),
        ({"problems.0.choices.1.label": ...}, "problems[0].choices[1].label", "is missing"),
        ({"problems.0.choices.1.colour": "red"}, "problems[0].choices[1].colour", "unknown key"),
        ({"problems.1.choices": TREE["problems"][0]["choices"]}, "problems[1].choices", "has no choices"),
        ({"problems.0.accepted": ["C"]}, "problems[0].accepted", "“C” is not the label of a choice"),
        ({"problems.1.accepted": ["4.5"]}, "problems[1].accepted", "“4.5” is not a whole number"),
        ({"problems.1.accepted": "42"}, "problems[1].accepted", "expected a list"),
        ({"problems.1.accepted": [""]}, "problems[1].accepted[0]", "not blank"),
        ({"problems.1.accepted": [4.5]}, "problems[1].accepted[0]", "put it in quotes"),
        ({"problems.1.note": "x" * 301}, "problems[1].note", "longer than 300"),
    ],
)
def test_read_exam_refuses_by_place(change, place, message):
    _, faults = read_exam(tree(**change))
    assert [fault.place for fault in faults] == [place]
    assert message in faults[0].message


def test_read_exam_finds_all_faults_at_once():
    _, faults = read_exam({"format": "x", "problems": [{"kind": "proof"}, {"number": 1, "colour": "red"}]})
    assert {fault.place for fault in faults} == {
        "format",
        "slug",
        "title",
        "zone",
        "problems[0].number",
        "problems[0].max_points",
        "problems[0].statement",
        "problems[1].colour",
        "problems[1].kind",
        "problems[1].max_points",
        "problems[1].statement",
    }


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_read_exam_refuses_what_is_no_mapping(value):
    _, faults = read_exam(value)
    assert faults[0].place == ""
    assert faults[0].message == "expected a mapping of keys to values"


@pytest.mark.parametrize(("key", "count"), [("time_blocks", 101), ("problems", 201)])
def test_read_exam_refuses_too_many(key, count):
    rows = [{"name": str(n), "number": n} for n in range(1, count + 1)]
    _, faults = read_exam({key: rows})
    assert any(fault.place == key and "more than" in fault.message for fault in faults)


@pytest.mark.parametrize(
    ("kind", "accepted", "fine"),
    [
        ("integer", ["42", "-7", "−7", "+7", " 42 "], True),
        ("integer", ["1e3"], False),
        ("integer", ["٤٢"], False),
        ("choice", ["A"], True),
        ("choice", ["a"], False),
        ("expression", [r"2\sqrt2", "2*sqrt(2)"], True),
        ("proof", ["see solution"], True),
        ("integer", [], True),
    ],
)
def test_fault_of_accepted(kind, accepted, fine):
    assert (fault_of_accepted(kind, accepted, ["A", "B"]) is None) is fine


@pytest.mark.parametrize(
    ("kind", "labels", "fine"),
    [
        ("choice", ["A", "B"], True),
        ("choice", ["A"], False),
        ("choice", ["A", "A"], False),
        ("proof", [], True),
        ("proof", ["A"], False),
    ],
)
def test_fault_of_choices(kind, labels, fine):
    assert (fault_of_choices(kind, labels) is None) is fine
