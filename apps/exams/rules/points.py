"""Points as people write them."""

from decimal import Decimal


def show_points(points: Decimal) -> str:
    """Without idle zeros and never with an exponent: 7.00 is "7", 10.00 is "10", 6.50 is "6.5"."""
    return f"{points.normalize():f}"
