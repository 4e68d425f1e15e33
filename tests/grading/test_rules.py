"""Ranks and points: arithmetic without a database."""

import random
from decimal import Decimal

import pytest

from apps.exams.rules.points import count_points, show_points
from apps.grading.rules.points import BadPoints, check_points, parse_points
from apps.grading.rules.ranking import shared_ranks

SEVEN = Decimal(7)


@pytest.mark.parametrize(
    ("totals", "ranks"),
    [
        ([], []),
        ([5], [1]),
        ([9, 7, 7, 3], [1, 2, 2, 4]),
        ([3, 7, 9, 7], [4, 2, 1, 2]),
        ([0, 0, 0], [1, 1, 1]),
        ([None, 4, None], [None, 1, None]),
        ([Decimal("6.50"), Decimal("6.5"), 6], [1, 1, 3]),
    ],
)
def test_shared_ranks(totals, ranks):
    named = {place: None if total is None else Decimal(total) for place, total in enumerate(totals)}
    assert list(shared_ranks(named).values()) == ranks


def test_a_rank_is_one_more_than_the_number_of_better_totals():
    chance = random.Random(20260314)
    for _ in range(500):
        totals = {
            name: None if chance.random() < 0.1 else Decimal(chance.randrange(40)) / 2
            for name in range(chance.randrange(60))
        }
        ranks = shared_ranks(totals)
        for name, total in totals.items():
            if total is None:
                assert ranks[name] is None
            else:
                better = sum(1 for other in totals.values() if other is not None and other > total)
                assert ranks[name] == better + 1


@pytest.mark.parametrize(
    ("typed", "points"),
    [("6", "6"), (" 6 ", "6"), ("6.5", "6.5"), ("6,5", "6.5"), ("0", "0"), ("007", "7"), ("6.25", "6.25")],
)
def test_parse_points_reads_what_graders_type(typed, points):
    assert parse_points(typed, maximum=SEVEN) == Decimal(points)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "0 if the answer earns nothing"),
        ("   ", "0 if the answer earns nothing"),
        ("8", "at most 7 points"),
        ("7.01", "at most 7 points"),
        ("-1", "a number such as"),
        ("-0", "a number such as"),
        ("+6", "a number such as"),
        ("6.125", "two decimal places"),
        ("1,000", "two decimal places"),
        ("6.", "a number such as"),
        ("1e0", "a number such as"),
        ("1E+1", "a number such as"),
        ("NaN", "a number such as"),
        ("inf", "a number such as"),
        ("0x5", "a number such as"),
        ("1_0", "a number such as"),
        ("٥", "a number such as"),
        ("５", "a number such as"),
        ("5/2", "a number such as"),
        ("six", "a number such as"),
        ("6\x00", "a number such as"),
    ],
)
def test_parse_points_refuses(typed, words):
    with pytest.raises(BadPoints, match=words):
        parse_points(typed, maximum=SEVEN)


def test_ten_thousand_odd_values_never_give_points_out_of_range():
    """Whatever is typed ends as a Decimal of at most two places within 0..7, or as a refusal."""
    chance = random.Random(45)
    pieces = [
        "5",
        "7",
        "6.5",
        "3,5",
        "-",
        "+",
        ".",
        ",",
        "e",
        "E9",
        "NaN",
        "inf",
        "-0",
        "1e309",
        "٥",
        " ",
        "_",
    ]
    refused = 0
    for _ in range(10_000):
        typed = "".join(chance.choices(pieces, k=chance.randrange(5)))
        try:
            points = parse_points(typed, maximum=SEVEN)
        except BadPoints:
            refused += 1
        else:
            assert 0 <= points <= SEVEN
            assert points == points.quantize(Decimal("0.01"))
            assert not points.is_signed()
    assert 1_000 < refused < 9_990


@pytest.mark.parametrize(
    "points", ["NaN", "sNaN", "Infinity", "-Infinity", "-0", "-1", "7.01", "6.005", "1E-3"]
)
def test_check_points_refuses_what_never_went_through_a_form(points):
    with pytest.raises(BadPoints):
        check_points(Decimal(points), maximum=SEVEN)


@pytest.mark.parametrize(
    ("points", "shown"), [("6.00", "6"), ("6.50", "6.5"), ("10", "10"), ("0.00", "0"), ("1E+2", "100")]
)
def test_show_points(points, shown):
    assert show_points(Decimal(points)) == shown


@pytest.mark.parametrize(
    ("points", "said"), [("1.00", "1 point"), ("0", "0 points"), ("0.5", "0.5 points"), ("7", "7 points")]
)
def test_count_points(points, said):
    assert count_points(Decimal(points)) == said
