"""The shape of an access key: sixteen symbols in four groups, two of them checking the others.

A group's sum is its symbols' places in the alphabet, weighted 1, 2, 3, 4, modulo 31. A key is built so
that both of these are 0 modulo 31:

    A = sum of the four group sums
    B = sum of the four group sums, each times its group's number

If only group g was mistyped, its sum is off by some d; then A = d and B = g * d, and B / A names the
group. One check symbol could never do that: whatever it is, each of the four groups could be "corrected"
to fit it. So two of the sixteen symbols check (the last ones of groups three and four: in one group both
equations would be the same), and 14 are random, 69 bits.

Since 31 is prime and the weights differ, every single wrong symbol and every swap of two neighbours is
noticed, also a swap across two groups; one group of several errors goes unnoticed once in 31 times, errors
in several groups once in 961. The browser does the same sums in `static/js/entry-key.js`.
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass

from apps.core.codes import READABLE

ALPHABET = READABLE
MODULUS = len(ALPHABET)
GROUP_COUNT = 4
GROUP_SIZE = 4
LENGTH = GROUP_COUNT * GROUP_SIZE
WEIGHTS = (1, 2, 3, 4)
ORDINALS = ("first", "second", "third", "fourth")

PLACE = {symbol: place for place, symbol in enumerate(ALPHABET)}
INVERSE_OF_LAST_WEIGHT = pow(WEIGHTS[-1], -1, MODULUS)

# Whatever people put between groups: blanks of all widths, hyphens, dashes, the minus, invisible marks.
SEPARATORS = re.compile(r"[\s\-_.·\u00ad\u2010-\u2015\u2212\u200b-\u200f\u2060\ufeff]+")


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """Why a text cannot be a key, and in which group (1 to 4) where that can be told."""

    group: int | None
    sentence: str


def normalise(text: str) -> str:
    """The symbols alone: no separators, upper case, wide forms made narrow. Look-alikes are not guessed.

    Someone who reads O for Q would be let in as somebody else by a guess that is right by chance.
    """
    narrow = unicodedata.normalize("NFKC", text)
    return "".join(symbol.upper() if symbol.isascii() else symbol for symbol in SEPARATORS.sub("", narrow))


def printed(symbols: str) -> str:
    """As it stands on the slip: in groups of four with dashes."""
    return "-".join(split(symbols))


def split(symbols: str) -> list[str]:
    return [symbols[start : start + GROUP_SIZE] for start in range(0, len(symbols), GROUP_SIZE)]


def new_key() -> str:
    """A key nobody can guess, as sixteen symbols."""
    return with_checks("".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 2)))


def with_checks(random_symbols: str) -> str:
    """Fourteen symbols, with the two that check them put in their places."""
    third_end = 3 * GROUP_SIZE - 1
    before, after = random_symbols[:third_end], random_symbols[third_end:]
    # With A's (place 0) standing in, the sums say what the two symbols have to make up for:
    #   a + 4u + 4v = 0  and  b + 3*4u + 4*4v = 0
    a, b = checksums(f"{before}A{after}A")
    v = (3 * a - b) * INVERSE_OF_LAST_WEIGHT % MODULUS
    u = (-a * INVERSE_OF_LAST_WEIGHT - v) % MODULUS
    return f"{before}{ALPHABET[u]}{after}{ALPHABET[v]}"


def checksums(symbols: str) -> tuple[int, int]:
    """A and B of the docstring above."""
    sums = [
        sum(weight * PLACE[symbol] for weight, symbol in zip(WEIGHTS, group, strict=True))
        for group in split(symbols)
    ]
    return sum(sums) % MODULUS, sum(number * one for number, one in enumerate(sums, start=1)) % MODULUS


def find_mistake(text: str) -> Mistake | None:
    """What is wrong with a typed key, told as exactly as can be known; None if it may be a key."""
    parts = [normalise(part) for part in SEPARATORS.split(unicodedata.normalize("NFKC", text)) if part]
    symbols = "".join(parts)
    # Four parts are the groups as the slip shows them; anything else is counted off in fours.
    groups = parts if len(parts) == GROUP_COUNT else split(symbols)
    for number, group in enumerate(groups[:GROUP_COUNT], start=1):
        if any(symbol not in PLACE for symbol in group):
            return Mistake(group=number, sentence=f"{check_group(number)} A key has no 0, O, 1, I or L.")
    if len(symbols) != LENGTH:
        odd = [number for number, part in enumerate(parts, start=1) if len(part) != GROUP_SIZE]
        if len(parts) == GROUP_COUNT and len(odd) == 1:
            return Mistake(group=odd[0], sentence=check_group(odd[0]))
        sentence = f"A key has {LENGTH} symbols in four groups of four. You typed {len(symbols)}."
        return Mistake(group=None, sentence=sentence)
    a, b = checksums(symbols)
    if a == b == 0:
        return None
    suspect = b * pow(a, -1, MODULUS) % MODULUS if a else 0
    if 1 <= suspect <= GROUP_COUNT:
        return Mistake(group=suspect, sentence=check_group(suspect))
    return Mistake(group=None, sentence="This is not right yet. Compare every group with your slip.")


def check_group(number: int) -> str:
    return f"Check the {ORDINALS[number - 1]} group of four."
