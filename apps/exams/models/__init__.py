"""Contests, exams, their times, problems and staff."""

from apps.exams.models.exam import Contest, Exam, ExamStaff, TimeBlock
from apps.exams.models.problem import Figure, Problem, StatementVersion
from apps.exams.models.upload import ExamUpload

__all__ = ["Contest", "Exam", "ExamStaff", "ExamUpload", "Figure", "Problem", "StatementVersion", "TimeBlock"]
