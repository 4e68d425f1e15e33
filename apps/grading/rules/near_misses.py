"""Wrong answers that look almost right: a slip of the pen or of the key, which a grader should see first.

Only a hint where to look: no points follow from it.
"""

import re
from collections.abc import Iterable, Iterator

from apps.exams.enums import ProblemKind
from apps.grading.rules.equivalence import class_text

WHOLE = re.compile(r"-?[0-9]{1,30}")
SIGNS = str.maketrans("", "", "+-")
SPACED = "only spaces differ"
CAPITALS = "only capitals differ"
SIGN = "sign swapped"
NEIGHBOUR = "off by one"
SWAPPED = "two characters swapped"
WRAPPED = "holds an accepted answer"
ONE_AWAY = "one character differs"
# Of shorter texts nearly every one is one change away from another: 7 is not almost 3.
SHORTEST_LIKE = 3


def near_miss(text: str, accepted: Iterable[str], *, kind: str) -> str:
    """Why this class almost equals an accepted answer, in a few words; blank if it does not.

    `text` is the class's. A choice is right or wrong: its labels are never near to each other.
    """
    if kind in {ProblemKind.CHOICE, ProblemKind.PROOF} or not text:
        return ""
    keys = [key for key in (class_text(one, kind=kind) for one in accepted) if key]
    if text in keys:
        return ""
    return next((reason for key in keys for reason in reasons(text, key)), "")


def reasons(text: str, key: str) -> Iterator[str]:
    """All that makes `text` almost `key`, the most telling first."""
    if text.replace(" ", "") == key.replace(" ", ""):
        yield SPACED
    if text.casefold() == key.casefold():
        yield CAPITALS
    if WHOLE.fullmatch(text) and WHOLE.fullmatch(key):
        if int(text) == -int(key):
            yield SIGN
        if abs(int(text) - int(key)) == 1:
            yield NEIGHBOUR
    elif text.translate(SIGNS) == key.translate(SIGNS):
        yield SIGN
    if is_swapped(text, key):
        yield SWAPPED
    if WHOLE.fullmatch(key) and re.search(rf"(?<![0-9.,-]){re.escape(key)}(?![0-9])", text):
        yield WRAPPED
    if max(len(text), len(key)) >= SHORTEST_LIKE and min(len(text), len(key)) > 1 and is_one_away(text, key):
        yield ONE_AWAY


def is_swapped(one: str, other: str) -> bool:
    """Whether two neighbouring characters changed places: 64 for 46."""
    if len(one) != len(other):
        return False
    places = [place for place, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
    if len(places) != 2 or places[1] != places[0] + 1:  # noqa: PLR2004 - a pair
        return False
    return one[places[0]] == other[places[1]] and one[places[1]] == other[places[0]]


def is_one_away(one: str, other: str) -> bool:
    """Whether one character was changed, left out or put in: edit distance 1."""
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1 or one == other:
        return False
    same = next((place for place, symbol in enumerate(shorter) if symbol != longer[place]), len(shorter))
    rest = shorter[same + 1 :] if len(one) == len(other) else shorter[same:]
    return rest == longer[same + 1 :]
