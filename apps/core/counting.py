"""Numbers of things, as people say them."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """1 problem, 2 problems; `plural` where an s does not make it."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
