"""What a contestant wrote, as the grader reads it: text as text, formulas typeset where they can be."""

import time
from html import escape

from apps.core.markup.engine import FormulaError, typeset
from apps.core.markup.formulas import MAX_FORMULA, Formula, split
from apps.core.markup.held import wrap

# A page of a grader must not wait for somebody's pile of formulas: past this the rest stays as it was typed.
_SECONDS = 2.0


def render_answer(text: str) -> str:
    """HTML of an answer. Never fails, never drops a character: what does not parse stays as it was typed."""
    give_up_at = time.monotonic() + _SECONDS
    out: list[str] = []
    after_display = False
    for piece in split(text.replace("\r\n", "\n").replace("\r", "\n"), code=False):
        html = None
        if isinstance(piece, Formula) and time.monotonic() < give_up_at:
            html = _typeset_or_none(piece.latex, display=piece.display)
        if html is not None and isinstance(piece, Formula):
            # A display stands on a line of its own anyway: the line breaks around it would leave holes.
            if piece.display and out and out[-1].endswith("<br>"):
                out[-1] = out[-1].removesuffix("<br>")
            out.append(html)
            after_display = piece.display
            continue
        source = piece.source.removeprefix("\n") if after_display else piece.source
        out.append(as_text(source))
        after_display = False
    return "".join(out)


def render_expression(text: str) -> str:
    r"""HTML of a one-line answer. Bare LaTeX such as `\frac{1}{2}` needs no dollars here.

    `2*sqrt(2)` stays text, as does all without a backslash: LaTeX would show `2^10` as two to the first
    power, then a zero.
    """
    bare = text.strip()
    if "\\" in bare and "$" not in bare and "\n" not in bare and not bare.startswith((r"\(", r"\[")):
        html = _typeset_or_none(bare, display=False)
        if html is not None:
            return html
    return render_answer(bare)


def as_text(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _typeset_or_none(latex: str, *, display: bool) -> str | None:
    if not latex.strip() or len(latex) > MAX_FORMULA:
        return None
    try:
        return wrap(typeset(latex, display=display), display=display)
    except FormulaError:
        return None
