"""Differences of texts: complete, in whole words, bounded in time and in what they show."""

import random
from itertools import pairwise

import pytest
from django.template.loader import render_to_string

from apps.core import textdiff
from apps.core.textdiff import diff_words


def told(old, new):
    marks = {"same": "{}", "added": "[+{}+]", "removed": "[-{}-]"}
    return "".join(marks[kind].format(text) for kind, text in diff_words(old, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ""),
        ("one two", "one two", "one two"),
        ("", "all new", "[+all new+]"),
        ("all gone", "", "[-all gone-]"),
        ("the sum is 12.", "the sum is 13.", "the sum is [-12-][+13+]."),
        ("$x^2 + y$", "$x^3 + y$", "$x^[-2-][+3+] + y$"),
        ("a red car", "a big blue car", "a [-red-][+big blue+] car"),
        # Two changed words beside each other are one change, not two torn by a blank.
        (
            "let us see red foxes run",
            "let us see blue hares run",
            "let us see [-red foxes-][+blue hares+] run",
        ),
        ("first\nsecond", "first\nnext\nsecond", "first\n[+next\n+]second"),
        ("one\r\ntwo", "one\ntwo", "one\ntwo"),
        ("Größe 5", "Größe 6", "Größe [-5-][+6+]"),
    ],
)
def test_diff_words_tells_what_was_removed_and_added(old, new, expected):
    assert told(old, new) == expected


@pytest.mark.parametrize("most", [0, 5, 3_000])
def test_diff_words_holds_both_texts_completely_whatever_the_bound(monkeypatch, most):
    monkeypatch.setattr(textdiff, "MOST_PIECES", most)
    chance = random.Random(7)
    for _ in range(200):
        old, new = ("".join(chance.choices("ab. \n", k=chance.randrange(30))) for _ in range(2))
        pieces = diff_words(old, new)
        assert "".join(text for kind, text in pieces if kind != "added") == old
        assert "".join(text for kind, text in pieces if kind != "removed") == new
        assert all(one.kind != other.kind for one, other in pairwise(pieces))


def test_diff_words_of_long_texts_still_finds_the_changed_words():
    lines = [f"Step {number} follows from step {number - 1}.\n" for number in range(2_000)]
    old = "".join(lines)
    new = old.replace("Step 3 ", "Claim 3 ").replace("Step 1998 ", "Claim 1998 ")
    changes = [piece for piece in diff_words(old, new) if piece.kind != "same"]
    assert changes == [("removed", "Step"), ("added", "Claim")] * 2


def test_diff_words_never_compares_more_than_the_bound(monkeypatch):
    """Without a line in common the whole is told as replaced, rather than searched for minutes."""
    old, new = (" ".join(f"{letter}{number}" for number in range(4_000)) for letter in "pq")
    sizes = []
    matcher = textdiff.SequenceMatcher
    monkeypatch.setattr(
        textdiff,
        "SequenceMatcher",
        lambda junk, one, other: sizes.append(max(len(one), len(other))) or matcher(junk, one, other),
    )
    assert [piece.kind for piece in diff_words(old, new)] == ["removed", "added"]
    assert all(size <= textdiff.MOST_PIECES for size in sizes)


def test_the_part_escapes_the_texts_and_adds_no_blanks():
    html = render_to_string("_text_diff.html", {"pieces": diff_words("a <b>\nc", "a <i>\nc")})
    assert '<div class="text-diff">a &lt;<del>b</del><ins>i</ins>&gt;\nc</div>' in html
