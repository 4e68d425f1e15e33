"""Codes that people read from paper, type and say aloud."""

import secrets

# The 31 letters and digits that are not taken for each other: no 0 and O, no 1, I and L.
READABLE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def random_code(length: int) -> str:
    """So many random symbols; each is worth almost five bits (log2 of 31)."""
    return "".join(secrets.choice(READABLE) for _ in range(length))
