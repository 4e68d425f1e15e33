"""Facility, discrimination and the spread of totals, against figures worked out by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.grading.rules import item_analysis
from apps.grading.rules.distribution import bin_width, spread_of
from apps.grading.rules.item_analysis import Index, analyse, correlation, facility, upper_lower


def decimals(*numbers):
    return [Decimal(str(number)) for number in numbers]


# Five contestants, three problems worth 7, 7 and 2:
#
#            x1  x2  x3   total
#   A         7   7   2    16
#   B         7   4   0    11
#   C         7   0   2     9
#   D         0   3   0     3
#   E         0   1   0     1
PAPERS = [decimals(*row) for row in ((7, 7, 2), (7, 4, 0), (7, 0, 2), (0, 3, 0), (0, 1, 0))]
MAXIMA = decimals(7, 7, 2)


def rounded(index, places="0.0001"):
    return index.value.quantize(Decimal(places))


def test_facility_by_hand():
    # 21/35, 15/35 and 4/10.
    found = [rounded(one.facility) for one in analyse(PAPERS, MAXIMA)]
    assert found == decimals("0.6000", "0.4286", "0.4000")


def test_mean_and_who_has_how_much_by_hand():
    first, second, third = analyse(PAPERS, MAXIMA)
    assert [one.mean.value for one in (first, second, third)] == decimals("4.2", 3, "0.8")
    assert [(one.full, one.some, one.none) for one in (first, second, third)] == [
        (3, 0, 2),
        (1, 3, 1),
        (2, 0, 3),
    ]


def test_discrimination_by_hand():
    # Problem 1: x = 7 7 7 0 0, rest y = 9 4 2 3 1.
    #   sum x = 21, sum y = 19, sum xy = 63 + 28 + 14 = 105, sum xx = 147, sum yy = 81 + 16 + 4 + 9 + 1 = 111
    #   5*105 - 21*19 = 126; 5*147 - 21*21 = 294; 5*111 - 19*19 = 194; 126 / sqrt(294*194) = 0.5276
    # Problem 2: x = 7 4 0 3 1, y = 9 7 9 0 0.
    #   sum x = 15, sum y = 25, sum xy = 63 + 28 = 91, sum xx = 75, sum yy = 81 + 49 + 81 = 211
    #   5*91 - 15*25 = 80; 5*75 - 225 = 150; 5*211 - 625 = 430; 80 / sqrt(150*430) = 0.3150
    # Problem 3: x = 2 0 2 0 0, y = 14 11 7 3 1.
    #   sum x = 4, sum y = 36, sum xy = 28 + 14 = 42, sum xx = 8, sum yy = 196 + 121 + 49 + 9 + 1 = 376
    #   5*42 - 4*36 = 66; 5*8 - 16 = 24; 5*376 - 1296 = 584; 66 / sqrt(24*584) = 0.5575
    found = [rounded(one.discrimination) for one in analyse(PAPERS, MAXIMA)]
    assert found == decimals("0.5276", "0.3150", "0.5575")


def test_discrimination_of_a_right_or_wrong_problem_is_the_point_biserial_correlation():
    # r = (M1 - M0) / s * sqrt(p * q) with the rest's standard deviation s over n.
    # Right: rests 9 and 5, M1 = 7; wrong: 4 and 2, M0 = 3; p = q = 1/2; mean 5,
    # s = sqrt((16 + 0 + 1 + 9) / 4) = sqrt(6.5); r = 4 / sqrt(6.5) * 1/2 = 2 / 2.5495 = 0.7845
    assert rounded(correlation(decimals(1, 1, 0, 0), decimals(9, 5, 4, 2))) == Decimal("0.7845")


def test_upper_lower_by_hand():
    # 27 % of 5 is 1.35: one contestant each, A (16) and E (1).
    # (7 - 0)/7 = 1; (7 - 1)/7 = 0.8571; (2 - 0)/2 = 1
    found = [rounded(one.upper_lower) for one in analyse(PAPERS, MAXIMA)]
    assert found == decimals("1.0000", "0.8571", "1.0000")


def test_upper_lower_shares_the_places_at_the_edge():
    # 27 % of 6 is 1.62: two each. By total: 9 | 7 7 | 4 | 2 | 1.
    # Upper: 3 points of the first, and half of the two that tie, (3 + 0)/2 = 1.5: 4.5. Lower: 1 + 0 = 1.
    # D = (4.5 - 1) / (2 * 3) = 0.5833
    totals, points = decimals(9, 7, 7, 4, 2, 1), decimals(3, 3, 0, 2, 1, 0)
    assert rounded(upper_lower(points, totals, Decimal(3))) == Decimal("0.5833")


def test_a_problem_the_weak_solve_and_the_strong_do_not_discriminates_against_them():
    (against, _) = analyse([decimals(0, 6), decimals(1, 4), decimals(2, 1)], decimals(2, 7))
    assert against.discrimination.value < 0
    assert against.upper_lower.value == -1


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        ([], ("no contestants", item_analysis.TOO_FEW, item_analysis.TOO_FEW)),
        ([(1, 2)], ("", item_analysis.TOO_FEW, item_analysis.TOO_FEW)),
        ([(1, 2), (1, 0)], ("", item_analysis.SAME_POINTS, "")),
        ([(1, 2), (0, 2)], ("", item_analysis.SAME_REST, "")),
        ([(1, 0), (0, 1)], ("", "", item_analysis.SAME_TOTALS)),
    ],
)
def test_what_cannot_be_said_has_a_reason(rows, reasons):
    first = analyse([decimals(*row) for row in rows], decimals(1, 2))[0]
    assert (first.facility.reason, first.discrimination.reason, first.upper_lower.reason) == reasons
    for index in (first.facility, first.discrimination, first.upper_lower):
        assert (index.value is None) == bool(index.reason)


def test_the_only_problem_has_nothing_to_be_compared_with():
    (only,) = analyse([decimals(1), decimals(0)], decimals(1))
    assert only.discrimination == Index(None, item_analysis.NO_REST)
    assert analyse([], []) == []


points = st.integers(0, 1400).map(lambda hundredths: Decimal(hundredths) / 200)  # 0 to 7 in half-hundredths
papers = st.lists(st.tuples(points, points, points), max_size=30)


@given(papers)
def test_every_figure_stays_within_its_bounds(rows):
    for one in analyse(rows, decimals(7, 7, 7)):
        assert one.facility.value is None or 0 <= one.facility.value <= 1
        for index in (one.discrimination, one.upper_lower):
            assert index.value is None or -1 <= index.value <= 1
        assert one.full + one.some + one.none == len(rows)


@given(papers, st.randoms(use_true_random=False))
def test_the_order_of_contestants_changes_nothing(rows, chance):
    shuffled = list(rows)
    chance.shuffle(shuffled)
    maxima = decimals(7, 7, 7)
    for before, after in zip(analyse(rows, maxima), analyse(shuffled, maxima), strict=True):
        for name in ("facility", "discrimination", "upper_lower"):
            old, new = getattr(before, name), getattr(after, name)
            assert old.reason == new.reason
            assert old.value is None or abs(old.value - new.value) < Decimal("1e-20")


@given(st.lists(points, min_size=2, max_size=30))
def test_a_problem_that_repeats_the_rest_discriminates_fully(values):
    found = correlation(values, [2 * value for value in values])
    assert found.value is None or abs(found.value - 1) < Decimal("1e-20")


@given(st.lists(points, max_size=30))
def test_facility_turns_around_with_the_points(values):
    lost = [7 - value for value in values]
    both = facility(values, Decimal(7)), facility(lost, Decimal(7))
    assert both[0].value is None or abs(both[0].value + both[1].value - 1) < Decimal("1e-20")


@pytest.mark.parametrize(
    ("maximum", "width"),
    [("0.5", 1), (7, 1), (15, 1), ("15.5", 1), (16, 2), (31, 2), (42, 5), (100, 10), (160, 20), (1000, 100)],
)
def test_bin_width(maximum, width):
    assert bin_width(Decimal(str(maximum))) == width


def test_spread_of_whole_totals():
    spread = spread_of(decimals(0, 3, 3, 7), Decimal(7))
    assert [(one.label, one.count) for one in spread.bins if one.count] == [("0", 1), ("3", 2), ("7", 1)]
    assert len(spread.bins) == 8
    assert (spread.count, spread.mean, spread.median, spread.tallest) == (4, Decimal("3.25"), 3, 2)


def test_spread_of_half_points_says_where_a_bin_ends():
    spread = spread_of(decimals("1.5", "6.5", 7), Decimal("7"))
    assert [one.label for one in spread.bins if one.count] == ["1 to under 2", "6 to under 7", "7"]
    assert spread.median == Decimal("6.5")


def test_spread_of_a_long_paper():
    labels = [one.label for one in spread_of(decimals(0, 31), Decimal(31)).bins]
    assert (len(labels), labels[0], labels[1], labels[-1]) == (16, "0–1", "2–3", "30–31")


def test_spread_of_nobody():
    assert spread_of([], Decimal(7)) is None


@given(st.integers(1, 4000), st.lists(st.integers(0, 4000), min_size=1, max_size=40))
def test_every_total_is_in_one_bin(maximum, totals):
    reached = [min(Decimal(total), Decimal(maximum)) / 2 for total in totals]
    spread = spread_of(reached, Decimal(maximum) / 2)
    assert sum(one.count for one in spread.bins) == len(reached)
    assert len(spread.bins) <= 16
    assert len({one.label for one in spread.bins}) == len(spread.bins)
