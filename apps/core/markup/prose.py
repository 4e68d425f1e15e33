r"""The little LaTeX outside formulas that papers use: \emph, \textbf, lists, spacing; turned into Markdown.

It works on a text whose formulas already stand aside, line by line, so that each line keeps its number in the
source. Whatever else begins with a backslash is refused before (`refused_command`).
"""

import re
from collections.abc import Callable, Iterator

from apps.core.markup.errors import MarkupError
from apps.core.markup.formulas import LISTS

_TAGS = {"emph": "em", "textit": "em", "textsl": "em", "textbf": "strong"}
_SILENT = {"noindent": "", "smallskip": "", "medskip": "", "bigskip": "", "qed": "∎"}

_COMMAND = re.compile(r"(?<!\\)(?:\\\\)*(\\([A-Za-z]+)(\{[A-Za-z]*\*?\})?)")
_SPACING = re.compile(r"(?<!\\)\\(" + "|".join(_SILENT) + r")(?![A-Za-z])[ \t]*")
_BRACES = re.compile(r"\\(" + "|".join(_TAGS) + r")\{|\\.|[{}]")
_LIST = re.compile(r"(?<!\\)\\(?:(begin|end)\{(itemize|enumerate)\}|item(?![A-Za-z]))[ \t]*")

Lines = list[tuple[str, int]]
"""The lines of a text, each with its number in the source."""


def refused_command(text: str) -> re.Match[str] | None:
    """The first command that means nothing here; group 1 is the command as written."""
    for command in _COMMAND.finditer(text):
        name, braced = command[2], command[3]
        if name in {"begin", "end"} and (braced or "").strip("{}") in LISTS:
            continue
        if name not in _TAGS and name not in _SILENT and name != "item":
            return command
    return None


def to_markdown(lines: Lines, hold: Callable[[str, str], str]) -> Lines:
    """The text with its commands carried out. `hold` puts a piece of HTML aside, with what stood for it."""
    if not any("\\" in text for text, _ in lines):
        return lines
    spaced = [(_SPACING.sub(lambda command: _SILENT[command[1]], text), number) for text, number in lines]
    return list(_with_lists(_with_tags(spaced, hold)))


def _with_tags(lines: Lines, hold: Callable[[str, str], str]) -> Iterator[tuple[str, int]]:
    """Commands with an argument become tags, which end with their paragraph at the latest."""
    opened: list[tuple[str | None, str, int]] = []  # tag (None: a plain brace), the command, its line

    for text, number in lines:
        if not text.strip():
            _refuse_open(opened)
        out, position = "", 0
        for found in _BRACES.finditer(text):
            out += text[position : found.start()]
            position = found.end()
            if command := found[1]:
                tag = _TAGS[command]
                opened.append((tag, found.group(), number))
                out += hold(found.group(), f"<{tag}>")
            elif found.group() == "}" and opened:
                closed, _, _ = opened.pop()
                out += hold("}", f"</{closed}>") if closed else "}"
            else:
                if found.group() == "{":
                    opened.append((None, "{", number))
                out += found.group()
        yield out + text[position:], number
    _refuse_open(opened)


def _refuse_open(opened: list[tuple[str | None, str, int]]) -> None:
    for tag, command, number in opened:
        if tag is not None:
            raise MarkupError(f"the brace of {command} is never closed", line=number, column=1)
    opened.clear()


def _with_lists(lines: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    r"""Each \item on a line of its own, indented by the depth of its list; counted where the list counts."""
    kinds: list[str] = []
    counts: list[int] = []
    opened_at = 0
    for text, number in lines:
        position = 0
        for found in _LIST.finditer(text):
            before = text[position : found.start()].strip()
            if before:
                yield _indented(before, kinds), number
            position = found.end()
            if found[1] == "begin":
                if not kinds:
                    yield "", number
                kinds.append(found[2])
                counts.append(0)
                opened_at = number
            elif found[1] == "end":
                if not kinds or kinds.pop() != found[2]:
                    raise MarkupError(f"\\end{{{found[2]}}} ends nothing", line=number, column=1)
                counts.pop()
                yield "", number
            elif not kinds:
                raise MarkupError(r"an \item outside a list", line=number, column=1)
            else:
                counts[-1] += 1
                yield _item(text[position:], kinds, counts[-1]), number
                rest = _LIST.search(text, position)
                position = rest.start() if rest else len(text)
        if position < len(text) or not text:
            yield (_indented(text[position:].strip(), kinds) if kinds else text[position:]), number
    if kinds:
        raise MarkupError(
            f"\\begin{{{kinds[-1]}}} has no matching \\end{{{kinds[-1]}}}", line=opened_at, column=1
        )


def _item(text: str, kinds: list[str], count: int) -> str:
    following = _LIST.search(text)
    own = (text[: following.start()] if following else text).strip()
    mark = "*" if kinds[-1] == "itemize" else f"{count}."
    return _indented(f"{mark:<4}{own}", kinds[:-1])


def _indented(text: str, kinds: list[str]) -> str:
    return "    " * len(kinds) + text if text else ""
