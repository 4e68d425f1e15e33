"""The console's pages of exams."""

from apps.exams.admin.exam import ExamAdmin
from apps.exams.admin.figure import FigureAdmin
from apps.exams.admin.problem import ProblemAdmin

__all__ = ["ExamAdmin", "FigureAdmin", "ProblemAdmin"]
