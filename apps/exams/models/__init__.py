"""Contests, exams, their times, problems and staff."""

from apps.exams.models.exam import Contest, Exam, ExamStaff, TimeBlock
from apps.exams.models.problem import Figure, Problem, StatementVersion

__all__ = ["Contest", "Exam", "ExamStaff", "Figure", "Problem", "StatementVersion", "TimeBlock"]
