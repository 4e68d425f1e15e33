"""Points as people write them."""

from decimal import Decimal


def show_points(points: Decimal) -> str:
    """Without idle zeros and never with an exponent: 7.00 is "7", 10.00 is "10", 6.50 is "6.5"."""
    return f"{points.normalize():f}"


def count_points(points: Decimal) -> str:
    """With the word: "1 point", "6.5 points"."""
    return f"{show_points(points)} point{'' if points == 1 else 's'}"
