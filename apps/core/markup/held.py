"""A text whose formulas are typeset and stand aside, so that Markdown sees words in their places."""

import re
import secrets
import time

from apps.core.markup.engine import FormulaError, typeset
from apps.core.markup.errors import MarkupError
from apps.core.markup.formulas import Formula, Text, Unclosed, split
from apps.core.markup.prose import refused_command, to_markdown

_SECONDS = 10.0
# Within code a backslash or a brace commands nothing. Control characters, which no text may hold, stand in.
_CODE_AWAY = str.maketrans({"\\": "\x01", "{": "\x02", "}": "\x03"})
_CODE_BACK = str.maketrans({"\x01": "\\", "\x02": "{", "\x03": "}"})


class PlaceHeldText:
    """A source whose formulas were typeset and stand aside while Markdown and the sanitiser do their work.

    A placeholder looks like `$3f…a-7$`: to Markdown it is a word between two signs, as the formula was. Its
    random part is new for each text, so that nobody can write one.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._aside: list[tuple[str, str]] = []
        self._secret = secrets.token_hex(8)
        self._pattern = re.compile(rf"\${self._secret}-(\d+)\$")
        text, numbers = self._held(time.monotonic() + _SECONDS)
        lines = to_markdown(list(zip(text.split("\n"), numbers, strict=True)), self._put_aside)
        self.markdown = "\n".join(line for line, _ in lines).translate(_CODE_BACK)
        self._source_line = [number for _, number in lines]

    def line(self, markdown_line: int) -> int:
        """The line of the source for a line (from 0) of the Markdown."""
        return self._source_line[min(markdown_line, len(self._source_line) - 1)]

    def with_formulas(self, html: str) -> str:
        return self._pattern.sub(lambda match: self._aside[int(match[1])][1], html)

    def with_sources(self, text: str) -> str:
        """For places that hold no HTML, such as the text beside a figure."""
        return self._pattern.sub(lambda match: self._aside[int(match[1])][0], text)

    def _put_aside(self, source: str, html: str) -> str:
        self._aside.append((source, html))
        return f"${self._secret}-{len(self._aside) - 1}$"

    def _held(self, give_up_at: float) -> tuple[str, list[int]]:
        """The text with each formula as one word, and the number in the source of each of its lines."""
        out: list[str] = []
        line, numbers = 1, [1]
        for piece in split(self.source, code=True):
            if isinstance(piece, Unclosed):
                raise MarkupError.at(
                    self.source, piece.start, _never_closed(piece.source), excerpt=piece.source
                )
            if isinstance(piece, Formula):
                if time.monotonic() > give_up_at:
                    raise MarkupError.at(self.source, piece.start, "the text takes too long to typeset")
                out.append(self._put_aside(piece.source, self._typeset(piece)))
                line += piece.source.count("\n")
                continue
            if isinstance(piece, Text):
                self._refuse_commands(piece)
            for _ in range(piece.source.count("\n")):
                line += 1
                numbers.append(line)
            out.append(piece.source if isinstance(piece, Text) else piece.source.translate(_CODE_AWAY))
        return "".join(out), numbers

    def _typeset(self, formula: Formula) -> str:
        if not formula.latex.strip():
            raise MarkupError.at(self.source, formula.start, "an empty formula", excerpt=formula.source)
        try:
            html = typeset(formula.latex, display=formula.display)
        except FormulaError as error:
            place = "" if error.position is None else f" at position {error.position + 1} of the formula"
            raise MarkupError.at(
                self.source,
                formula.latex_start + (error.position or 0),
                error.problem + place,
                excerpt=formula.source,
            ) from error
        return wrap(html, display=formula.display)

    def _refuse_commands(self, text: Text) -> None:
        """Silently showing `\\section{x}` to contestants as it stands is worse than telling the author."""
        if command := refused_command(text.source):
            raise MarkupError.at(
                self.source,
                text.start + command.start(1),
                f"the LaTeX command {command[1]} stands outside a formula; use Markdown there",
                excerpt=command[1],
            )


def wrap(html: str, *, display: bool) -> str:
    """One formula on a page: browsers' translators must leave it alone."""
    kind = "math math-display" if display else "math"
    return f'<span class="{kind}" translate="no">{html}</span>'


def _never_closed(opening: str) -> str:
    if opening.startswith("\\begin"):
        return f"{opening} has no matching {opening.replace('begin', 'end', 1)}"
    hint = r" (or a brace in it is not); a dollar sign itself is written \$" if "$" in opening else ""
    return f"the formula opened by {opening} is never closed{hint}"
