"""What changed from one text to another, told in whole words."""

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal, NamedTuple

Kind = Literal["same", "removed", "added"]

WORDS = re.compile(r"\w+|[^\w\s]|\s+")
# The comparison takes time with the square of what it compares: past this it goes by lines first.
MOST_PIECES = 3_000


class Piece(NamedTuple):
    kind: Kind
    text: str


def diff_words(old: str, new: str) -> list[Piece]:
    """The two texts as one: without what is added it is the old one, without what is removed the new one."""
    old, new = one_line_break(old), one_line_break(new)
    return join(by_words(old, new))


def one_line_break(text: str) -> str:
    """Forms send the line breaks of other systems; nobody changed those."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def by_words(old: str, new: str) -> Iterator[Piece]:
    return compare(WORDS.findall(old), WORDS.findall(new), otherwise=by_lines)


def by_lines(old: str, new: str) -> Iterator[Piece]:
    """For long texts: whole lines are matched first, then the words of the lines that changed."""

    def inside(old: str, new: str) -> Iterator[Piece]:
        return compare(WORDS.findall(old), WORDS.findall(new), otherwise=replaced)

    return compare(old.splitlines(keepends=True), new.splitlines(keepends=True), replaced, within=inside)


def replaced(old: str, new: str) -> Iterator[Piece]:
    yield Piece("removed", old)
    yield Piece("added", new)


def compare(
    old: Sequence[str],
    new: Sequence[str],
    otherwise: Callable[[str, str], Iterator[Piece]],
    *,
    within: Callable[[str, str], Iterator[Piece]] = replaced,
) -> Iterator[Piece]:
    """The pieces matched one by one, or what `otherwise` makes of the changed middle if that is too long."""
    start = shared(old, new)
    end = shared(old[start:][::-1], new[start:][::-1])
    old_middle, new_middle = old[start : len(old) - end], new[start : len(new) - end]
    yield Piece("same", "".join(old[:start]))
    if max(len(old_middle), len(new_middle)) > MOST_PIECES:
        yield from otherwise("".join(old_middle), "".join(new_middle))
    else:
        for tag, i, j, k, m in SequenceMatcher(None, old_middle, new_middle).get_opcodes():
            if tag == "equal":
                yield Piece("same", "".join(old_middle[i:j]))
            else:
                yield from within("".join(old_middle[i:j]), "".join(new_middle[k:m]))
    yield Piece("same", "".join(old[len(old) - end :]))


def shared(old: Sequence[str], new: Sequence[str]) -> int:
    """How many pieces both begin with."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def join(pieces: Iterator[Piece]) -> list[Piece]:
    """Neighbours of one kind as one; a blank between two changes belongs to both, it would only tear them."""
    runs = [
        (same, list(run))
        for same, run in groupby(
            (piece for piece in pieces if piece.text), lambda piece: piece.kind == "same"
        )
    ]
    out: list[Piece] = []
    removed = added = ""
    for place, (same, run) in enumerate(runs):
        if not same:
            removed += "".join(piece.text for piece in run if piece.kind == "removed")
            added += "".join(piece.text for piece in run if piece.kind == "added")
            continue
        text = "".join(piece.text for piece in run)
        if text.isspace() and 0 < place < len(runs) - 1:
            removed, added = removed + text, added + text
        else:
            out += [*replaced(removed, added), Piece("same", text)]
            removed = added = ""
    return [piece for piece in [*out, *replaced(removed, added)] if piece.text]
