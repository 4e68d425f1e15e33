"""The one door from text that people write to HTML.

`render_statement` is for organisers' Markdown with LaTeX, and strict: what cannot be shown is an error with
its place. `render_answer` and `render_expression` are for contestants' text, and lenient: what cannot be
typeset stays as it was typed.
"""

from apps.core.markup.answers import render_answer, render_expression
from apps.core.markup.errors import MarkupError
from apps.core.markup.statements import RENDERER, Rendered, render_statement

__all__ = ["RENDERER", "MarkupError", "Rendered", "render_answer", "render_expression", "render_statement"]
