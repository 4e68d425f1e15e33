"""Which answers read the same: they form a class, and a class is scored in one act.

Two texts are equal when they differ only in what cannot change the meaning: which script's digits, which of
the many minus and plus signs, invisible characters, white space; in an integer also a plus sign, leading
zeros and the spaces between groups of three digits. Everything else makes a class of its own, so that in
doubt a grader sees two classes rather than one judgement for two answers: "4 2" is not 42, "3 -1" (two
numbers?) is not 3-1, and compatibility forms are left alone (they would turn 10² into 102).
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from apps.exams.enums import ProblemKind

# What str.isspace() means, spelled out: the database, whose own idea of it depends on the locale, is asked
# by the same list (see `NOTHING_WRITTEN` in the querysets).
SPACES = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
# Zero width, direction marks of scripts written from the right, byte order marks.
INVISIBLE = "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"

SMOOTHED = (
    dict.fromkeys(map(ord, INVISIBLE))
    | dict.fromkeys(map(ord, SPACES), " ")
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-")
    | dict.fromkeys(map(ord, "\ufe62\uff0b"), "+")
)
# One number: a sign that may stand apart, digits in one piece or in groups of three.
INTEGER = re.compile(r"([+-]?) ?([0-9]+|[0-9]{1,3}(?: [0-9]{3})+)")
# A space between two letters or digits carries meaning (2 1/2), and so may one before a sign that clings to
# what follows (3 -1); anywhere else it never does.
IDLE_SPACE = re.compile(r"(?<![^\W_]) | (?![^\W_]|[-+][^\W_])")

BLANK = ""
BLANK_KEY = "blank"


def class_text(answer: str, *, kind: str) -> str:
    """The text by which a class is known; `BLANK` where nothing was written."""
    text = "".join(ascii_digit(symbol) for symbol in answer.translate(SMOOTHED))
    text = re.sub(" +", " ", text).strip(" ")
    if kind == ProblemKind.INTEGER and (number := INTEGER.fullmatch(text)):
        digits = number[2].replace(" ", "").lstrip("0")
        return f"{number[1].replace('+', '')}{digits}" if digits else "0"
    return IDLE_SPACE.sub("", text)


def class_key(text: str) -> str:
    """A short name of the class with this text, for addresses and forms: answers may be very long."""
    return hashlib.sha256(text.encode()).hexdigest()[:24] if text else BLANK_KEY


def equals_accepted(answer: str, accepted: Iterable[str], *, kind: str) -> bool:
    """Does the answer read the same as one of the accepted texts? A hint for graders, never a decision."""
    typed = class_text(answer, kind=kind)
    return typed != BLANK and any(class_text(text, kind=kind) == typed for text in accepted)


def ascii_digit(symbol: str) -> str:
    """A decimal digit of any script as 0-9; everything else, superscripts too, as it is."""
    return str(unicodedata.decimal(symbol)) if unicodedata.category(symbol) == "Nd" else symbol
