"""Exams for programs of the staff."""

from apps.exams.api.exams import ExamDetail, ExamList, ProblemList, TimeBlockList

__all__ = ["ExamDetail", "ExamList", "ProblemList", "TimeBlockList"]
