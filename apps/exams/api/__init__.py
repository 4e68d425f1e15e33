"""Exams for programs of the staff, and the tokens they carry."""

from apps.exams.api.blocks import TimeBlockDetail, TimeBlockList
from apps.exams.api.exams import ExamDetail, ExamList, SetStatus
from apps.exams.api.problems import ProblemDetail, ProblemList
from apps.exams.api.tokens import IssueToken, RenewToken

__all__ = [
    "ExamDetail",
    "ExamList",
    "IssueToken",
    "ProblemDetail",
    "ProblemList",
    "RenewToken",
    "SetStatus",
    "TimeBlockDetail",
    "TimeBlockList",
]
