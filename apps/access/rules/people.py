"""How contestants are named in public."""


def printed_number(number: int) -> str:
    """The contestant number as it is printed and said: at least four digits."""
    return f"{number:04d}"


def short_name(name: str) -> str:
    """For a screen that neighbours can read: "Ana K." for Ana Kovač; "" without a name."""
    first, *others = name.split() or [""]
    return f"{first} {others[-1][0]}." if others else first
