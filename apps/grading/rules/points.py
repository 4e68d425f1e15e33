"""Points as graders type them, and which points a problem allows."""

import re
from decimal import Decimal

from apps.exams.rules.points import count_points

PLACES = Decimal("0.01")
# Only the ten ASCII digits: `\d` and Decimal() would also take "٥", and Decimal() "1e1", "NaN", "1_0".
TYPED = re.compile(r"(?P<whole>[0-9]{1,4})(?:[.,](?P<part>[0-9]{1,2}))?")


class BadPoints(ValueError):
    """These points cannot be given; the message says why, to the grader."""


def parse_points(text: str, *, maximum: Decimal) -> Decimal:
    """Read what a grader typed: "6", "6.5" or, as many of us write, "6,5"."""
    typed = text.strip()
    if not typed:
        raise BadPoints("Type the points; 0 if the answer earns nothing.")
    match = TYPED.fullmatch(typed)
    if match is None:
        raise BadPoints("Points are a number such as 6 or 6.5, with at most two decimal places.")
    return check_points(Decimal(f"{match['whole']}.{match['part'] or 0}"), maximum=maximum)


def check_points(points: Decimal, *, maximum: Decimal) -> Decimal:
    """The points with two decimal places, if a problem worth `maximum` allows them."""
    if not points.is_finite():
        raise BadPoints("Points are a number.")
    if points.is_signed():
        raise BadPoints("Points are not negative.")
    if points > maximum:
        raise BadPoints(f"This problem is worth at most {count_points(maximum)}.")
    rounded = points.quantize(PLACES)
    if rounded != points:
        raise BadPoints("Points have at most two decimal places.")
    return rounded
