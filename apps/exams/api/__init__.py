"""Exams for programs of the staff, and the tokens they carry."""

from apps.exams.api.exams import ExamDetail, ExamList, ProblemList, TimeBlockList
from apps.exams.api.tokens import IssueToken, RenewToken

__all__ = ["ExamDetail", "ExamList", "IssueToken", "ProblemList", "RenewToken", "TimeBlockList"]
