"""How contestants are named in public, and where a text names them."""

import re
from collections.abc import Iterable

# A shorter word says nobody: "Jo" and "Li" stand in many sentences.
SHORTEST_NAME = 3


def printed_number(number: int) -> str:
    """The contestant number as it is printed and said: at least four digits."""
    return f"{number:04d}"


def short_name(name: str) -> str:
    """For a screen that neighbours can read: "Ana K." for Ana Kovač; "" without a name."""
    first, *others = name.split() or [""]
    return f"{first} {others[-1][0]}." if others else first


def names_somebody(text: str, names: Iterable[str]) -> bool:
    """Whether one of the names, or a part of one, stands in the text as a word."""
    parts = {part.casefold() for name in names for part in (name, *name.split())}
    said = text.casefold()
    return any(
        len(part) >= SHORTEST_NAME and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", said) for part in parts
    )
