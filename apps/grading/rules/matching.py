"""Whether an answer reads the same as an accepted one: a hint for the grader, never a decision.

Only what cannot change the meaning is smoothed: other scripts' digits, the many minus signs, spaces.
Compatibility forms are left alone on purpose: they would turn 10² into 102.
"""

import re
import unicodedata
from collections.abc import Iterable

from apps.exams.enums import ProblemKind

MINUS_SIGNS = dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d"), "-")
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u2060\ufeff"))
# Between two letters or digits a space may carry meaning (2 1/2); anywhere else it never does.
IDLE_SPACE = re.compile(r"(?<![^\W_]) | (?![^\W_])")


def equals_accepted(answer: str, accepted: Iterable[str], *, kind: str) -> bool:
    """Does the answer read the same as one of the accepted texts?"""
    typed = smooth(answer, kind=kind)
    return bool(typed) and any(smooth(text, kind=kind) == typed for text in accepted)


def smooth(text: str, *, kind: str) -> str:
    """The text in the form that is compared; an integer also without its plus sign and inner spaces."""
    text = text.translate(INVISIBLE).translate(MINUS_SIGNS)
    text = "".join(ascii_digit(symbol) for symbol in text)
    if kind == ProblemKind.INTEGER:
        return re.sub(r"\s", "", text).removeprefix("+")
    return IDLE_SPACE.sub("", re.sub(r"\s+", " ", text.strip()))


def ascii_digit(symbol: str) -> str:
    """A decimal digit of any script as 0-9; everything else, superscripts too, as it is."""
    return str(unicodedata.decimal(symbol)) if unicodedata.category(symbol) == "Nd" else symbol
