"""Filters for points and ranks."""

from decimal import Decimal

from django import template

from apps.core.markup import render_answer, render_expression
from apps.exams.enums import ProblemKind
from apps.exams.rules.points import show_points
from apps.grading.rules.ranking import ordinal

register = template.Library()


@register.filter
def points(value: Decimal | None) -> str:
    """6 rather than 6.00; a dash where there are none, which is not the same as 0."""
    return "–" if value is None else show_points(value)


@register.filter
def place(rank: int) -> str:
    """1st, 2nd, 14th."""
    return ordinal(rank)


@register.filter
def answer_html(text: str, kind: str) -> str:
    """What a contestant wrote, with its formulas typeset; the door escapes everything else."""
    return render_expression(text) if kind == ProblemKind.EXPRESSION else render_answer(text)
