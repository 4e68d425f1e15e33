r"""Where the formulas stand in a text: `$…$`, `$$…$$`, `\(…\)`, `\[…\]` and `\begin{align}…\end{align}`.

One scanner serves statements and answers. It runs before Markdown, so that Markdown never sees the
inside of a formula: no `_` becomes emphasis, no `|` splits a table, no blank line ends a display.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Each opening that is never closed costs one look ahead; past this many a text is not mathematics anyway.
_MAX_UNCLOSED = 50
# Environments of text, not of mathematics.
LISTS = ("itemize", "enumerate")
# The longest piece that is still looked at as one formula. Longer ones are nobody's and cost time.
MAX_FORMULA = 6_000

_OPENING = re.compile(
    r"\\begin\{(?P<environment>[A-Za-z]+\*?)\}"
    r"|\\(?P<bracket>[(\[])"
    r"|\\."  # an escaped character opens nothing
    r"|(?P<ticks>`+)"
    r"|(?P<dollars>\$\$?)",
    re.DOTALL,
)
_CLOSING = {"$": "$", "$$": "$$", "(": r"\)", "[": r"\]"}
_STEP = re.compile(r"\\[)\]]|\\.|[{}]|\$\$?|\n[ \t]*\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """Everything that is not a formula and not code."""

    source: str
    start: int


@dataclass(frozen=True, slots=True)
class Code:
    """A Markdown code span or fence, kept with its back-ticks."""

    source: str
    start: int


@dataclass(frozen=True, slots=True)
class Formula:
    """`latex` begins at offset `latex_start` of the text; `source` includes the delimiters."""

    source: str
    start: int
    latex: str
    latex_start: int
    display: bool


@dataclass(frozen=True, slots=True)
class Unclosed:
    """The characters that open a formula which nothing closes."""

    source: str
    start: int


Piece = Text | Code | Formula | Unclosed


def split(text: str, *, code: bool) -> Iterator[Piece]:
    """Cut `text` into pieces; joined, their sources are the text again. With `code`, back-ticks protect."""
    position = text_start = unclosed = 0
    while (opening := _OPENING.search(text, position)) is not None:
        piece = _piece_at(text, opening, code=code)
        if piece is None:
            position = opening.end()
            continue
        if isinstance(piece, Unclosed):
            unclosed += 1
            if unclosed > _MAX_UNCLOSED:
                break
        if piece.start > text_start:
            yield Text(text[text_start : piece.start], text_start)
        yield piece
        position = text_start = piece.start + len(piece.source)
    if text_start < len(text):
        yield Text(text[text_start:], text_start)


def _piece_at(text: str, opening: re.Match[str], *, code: bool) -> Piece | None:
    start, inside = opening.span()
    if ticks := opening["ticks"]:
        end = _end_of_code(text, inside, len(ticks)) if code else None
        return Code(text[start:end], start) if end else None
    if environment := opening["environment"]:
        return None if environment in LISTS else _environment_at(text, opening)
    delimiter = opening["dollars"] or opening["bracket"]
    if delimiter is None:
        return None
    end = _end_of_formula(text, inside, _CLOSING[delimiter], paragraphs=delimiter in {"$$", "["})
    if end is None:
        return Unclosed(opening.group(), start)
    latex = text[inside : end - len(_CLOSING[delimiter])]
    return Formula(text[start:end], start, latex, inside, display=delimiter in {"$$", "["})


def _end_of_code(text: str, position: int, ticks: int) -> int | None:
    """Code ends at the next run of exactly as many back-ticks as it began with."""
    runs = re.compile("`+").finditer(text, position)
    return next((run.end() for run in runs if len(run.group()) == ticks), None)


def _environment_at(text: str, opening: re.Match[str]) -> Piece:
    start, inside = opening.span()
    end = _end_of_environment(text, inside, opening["environment"])
    if end is None:
        return Unclosed(opening.group(), start)
    return Formula(text[start:end], start, text[start:end], start, display=True)


def _end_of_formula(text: str, position: int, closing: str, *, paragraphs: bool) -> int | None:
    r"""The offset after the delimiter that closes a formula; none does within braces (`\text{if $x$}`)."""
    depth = 0
    limit = min(len(text), position + MAX_FORMULA + len(closing))
    for step in _STEP.finditer(text, position, limit):
        found = step.group()
        if depth <= 0 and found == closing:
            return step.end()
        if depth <= 0 and closing == "$" and found == "$$":
            return step.start() + 1
        if found == "{":
            depth += 1
        elif found == "}":
            depth -= 1
        elif found.startswith("\n") and not paragraphs:
            return None
    return None


def _end_of_environment(text: str, position: int, environment: str) -> int | None:
    depth = 1
    name = re.escape(environment)
    for step in re.compile(rf"\\(begin|end)\{{{name}\}}").finditer(text, position, position + MAX_FORMULA):
        depth += 1 if step[1] == "begin" else -1
        if depth == 0:
            return step.end()
    return None
