"""Which answers read the same, and which look almost right: rules without a database."""

import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.exams.enums import ProblemKind
from apps.grading.rules import near_misses
from apps.grading.rules.equivalence import (
    BLANK,
    BLANK_KEY,
    INVISIBLE,
    SPACES,
    class_key,
    class_text,
    equals_accepted,
)
from apps.grading.rules.near_misses import is_one_away, near_miss

KINDS = st.sampled_from(ProblemKind.values)
# Texts full of what the rule is about, and texts of anything.
TRICKY = st.text(st.sampled_from("0123456789٣４०−–+- \t\u00a0\u200b\u2009xX,.()/²"), max_size=12)
ANYTHING = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
DIGITS = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"]


@pytest.mark.parametrize(
    ("kind", "answer", "text"),
    [
        (ProblemKind.INTEGER, "42", "42"),
        (ProblemKind.INTEGER, "  42\n", "42"),
        (ProblemKind.INTEGER, "\u200f٤٢\u061c", "42"),
        (ProblemKind.INTEGER, "４２", "42"),
        (ProblemKind.INTEGER, "४२", "42"),
        (ProblemKind.INTEGER, "+42", "42"),
        (ProblemKind.INTEGER, "＋ 42", "42"),
        (ProblemKind.INTEGER, "0042", "42"),
        (ProblemKind.INTEGER, "−7", "-7"),
        (ProblemKind.INTEGER, "– 007", "-7"),
        (ProblemKind.INTEGER, "-0", "0"),
        (ProblemKind.INTEGER, "+000", "0"),
        (ProblemKind.INTEGER, "1\u202f000 000", "1000000"),
        (ProblemKind.INTEGER, "-12 500", "-12500"),
        # Not one number, or not surely: each stays a class of its own.
        (ProblemKind.INTEGER, "4 2", "4 2"),
        (ProblemKind.INTEGER, "1 00", "1 00"),
        (ProblemKind.INTEGER, "1,000", "1,000"),
        (ProblemKind.INTEGER, "42.0", "42.0"),
        (ProblemKind.INTEGER, "--7", "--7"),
        (ProblemKind.INTEGER, "+-7", "+-7"),
        (ProblemKind.INTEGER, "4²", "4²"),
        (ProblemKind.INTEGER, "+", "+"),
        (ProblemKind.INTEGER, "x = 42", "x=42"),
        (ProblemKind.EXPRESSION, "x + 1", "x+1"),
        (ProblemKind.EXPRESSION, "x  +\n1", "x+1"),
        (ProblemKind.EXPRESSION, "2  1/2", "2 1/2"),
        (ProblemKind.EXPRESSION, "3 -1", "3 -1"),
        (ProblemKind.EXPRESSION, "3 - 1", "3-1"),
        (ProblemKind.EXPRESSION, "007", "007"),
        (ProblemKind.EXPRESSION, "+x", "+x"),
        (ProblemKind.CHOICE, " B ", "B"),
        (ProblemKind.INTEGER, "", BLANK),
        (ProblemKind.EXPRESSION, " \u200b\u3000\n", BLANK),
    ],
)
def test_class_text(kind, answer, text):
    assert class_text(answer, kind=kind) == text


def test_the_list_of_spaces_is_all_there_is():
    assert set(SPACES) == {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()}
    assert not set(SPACES + INVISIBLE) & set("]^-\\")  # they stand in brackets in a regular expression


@given(TRICKY | ANYTHING, KINDS)
def test_a_class_text_is_in_its_own_class(text, kind):
    once = class_text(text, kind=kind)
    assert class_text(once, kind=kind) == once


@given(TRICKY | ANYTHING, KINDS)
def test_an_answer_equals_itself_unless_it_is_blank(text, kind):
    blank = all(symbol in SPACES + INVISIBLE for symbol in text)
    assert equals_accepted(text, [text], kind=kind) is not blank
    assert (class_text(text, kind=kind) == BLANK) is blank


@given(TRICKY, TRICKY, KINDS)
def test_equality_does_not_depend_on_who_is_asked_first(one, other, kind):
    assert equals_accepted(one, [other], kind=kind) is equals_accepted(other, [one], kind=kind)


@st.composite
def written_number(draw):
    """A number and one of the ways people write it."""
    number = draw(st.integers(-(10**9), 10**9))
    grouped = draw(st.booleans())
    body = (
        f"{abs(number):,}".replace(",", " ") if grouped else "0" * draw(st.integers(0, 3)) + str(abs(number))
    )
    body = body.translate(str.maketrans(DIGITS[0], draw(st.sampled_from(DIGITS))))
    sign = draw(st.sampled_from("-−–")) if number < 0 else draw(st.sampled_from(["", "+"]))
    between = draw(st.sampled_from(["", " ", "\u2009"]))
    around = draw(st.sampled_from(["", " ", "\n", "\u200b"]))
    return number, f"{around}{sign}{between}{body}{around}"


@given(written_number(), written_number())
@example((1, "1"), (-1, "−1"))
@example((0, "-0"), (0, "0"))
def test_integers_are_in_one_class_exactly_when_they_are_the_same_number(one, other):
    same = class_text(one[1], kind=ProblemKind.INTEGER) == class_text(other[1], kind=ProblemKind.INTEGER)
    assert same is (one[0] == other[0])


def number_in(text):
    """What Python reads in a text, which knows all digits, but ASCII signs only."""
    try:
        return int(text.translate(dict.fromkeys(map(ord, "−–"), "-")).replace("_", "?"))
    except ValueError:
        return None


@given(TRICKY, TRICKY, KINDS)
def test_answers_that_differ_as_numbers_are_never_in_one_class(one, other, kind):
    numbers = number_in(one), number_in(other)
    if None not in numbers and numbers[0] != numbers[1]:
        assert class_text(one, kind=kind) != class_text(other, kind=kind)


def test_a_class_has_one_key_and_blanks_have_their_own():
    assert class_key("42") == class_key("42") != class_key("43")
    assert class_key(BLANK) == BLANK_KEY
    assert len(class_key("x" * 20_000)) == 24


@pytest.mark.parametrize(
    ("kind", "answer", "accepted", "equal"),
    [
        (ProblemKind.INTEGER, "42", ["42"], True),
        (ProblemKind.INTEGER, " 42 ", ["41", "42"], True),
        (ProblemKind.INTEGER, "٤٢", ["42"], True),
        (ProblemKind.INTEGER, "−7", ["-7"], True),
        (ProblemKind.INTEGER, "– 7", ["-7"], True),
        (ProblemKind.INTEGER, "1 000", ["1000"], True),
        (ProblemKind.INTEGER, "+5", ["5"], True),
        (ProblemKind.INTEGER, "4²", ["42"], False),
        (ProblemKind.INTEGER, "", ["42"], False),
        (ProblemKind.INTEGER, " ", [""], False),
        (ProblemKind.CHOICE, "A", ["A"], True),
        (ProblemKind.CHOICE, "a", ["A"], False),
        (ProblemKind.EXPRESSION, "x + 1", ["x+1"], True),
        (ProblemKind.EXPRESSION, "2 1/2", ["21/2"], False),
        (ProblemKind.EXPRESSION, "2  1/2", ["2 1/2"], True),
        (ProblemKind.EXPRESSION, "X", ["x"], False),
        (ProblemKind.EXPRESSION, "10²", ["102"], False),
    ],
)
def test_equals_accepted(kind, answer, accepted, equal):
    assert equals_accepted(answer, accepted, kind=kind) is equal


@pytest.mark.parametrize(
    ("kind", "text", "accepted", "reason"),
    [
        (ProblemKind.INTEGER, "46", ["46"], ""),
        (ProblemKind.INTEGER, "", ["46"], ""),
        (ProblemKind.INTEGER, "-46", ["46"], near_misses.SIGN),
        (ProblemKind.INTEGER, "47", ["46"], near_misses.NEIGHBOUR),
        (ProblemKind.INTEGER, "45", ["46"], near_misses.NEIGHBOUR),
        (ProblemKind.INTEGER, "-1", ["0"], near_misses.NEIGHBOUR),
        (ProblemKind.INTEGER, "64", ["46"], near_misses.SWAPPED),
        (ProblemKind.INTEGER, "1243", ["1234"], near_misses.SWAPPED),
        (ProblemKind.INTEGER, "466", ["46"], near_misses.ONE_AWAY),
        (ProblemKind.INTEGER, "1934", ["1234"], near_misses.ONE_AWAY),
        (ProblemKind.INTEGER, "4 6", ["46"], near_misses.SPACED),
        (ProblemKind.INTEGER, "x=46", ["46"], near_misses.WRAPPED),
        (ProblemKind.INTEGER, "46.0", ["46"], near_misses.WRAPPED),
        (ProblemKind.INTEGER, "x=-7", ["-7"], near_misses.WRAPPED),
        (ProblemKind.INTEGER, "48", ["90", "49"], near_misses.NEIGHBOUR),
        (ProblemKind.INTEGER, "146", ["46"], near_misses.ONE_AWAY),
        (ProblemKind.INTEGER, "n=146 or so", ["46"], ""),
        (ProblemKind.INTEGER, "7", ["3"], ""),
        (ProblemKind.INTEGER, "40", ["46"], ""),
        (ProblemKind.INTEGER, "4", ["46"], ""),
        (ProblemKind.INTEGER, "9" * 5_000, ["46"], ""),
        (ProblemKind.INTEGER, "1", [], ""),
        (ProblemKind.EXPRESSION, "X+1", ["x+1"], near_misses.CAPITALS),
        (ProblemKind.EXPRESSION, "x-1", ["x+1"], near_misses.SIGN),
        (ProblemKind.EXPRESSION, "3 -1", ["3-1"], near_misses.SPACED),
        (ProblemKind.EXPRESSION, "d^2/3", ["d^2/2"], near_misses.ONE_AWAY),
        (ProblemKind.EXPRESSION, "a^2/3", ["d^2/2"], ""),
        (ProblemKind.CHOICE, "B", ["C"], ""),
        (ProblemKind.PROOF, "x", ["xy"], ""),
    ],
)
def test_near_miss(kind, text, accepted, reason):
    assert near_miss(text, accepted, kind=kind) == reason


def distance(one, other):
    """Edit distance by the book: a row of the table for each character."""
    row = list(range(len(other) + 1))
    for place, symbol in enumerate(one, 1):
        before, row[0] = row[0], place
        for column, against in enumerate(other, 1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (symbol != against)),
            )
    return row[-1]


@given(st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_one_away_is_edit_distance_one(one, other):
    assert is_one_away(one, other) is (distance(one, other) == 1)
