"""What anybody changed in an exam, told act by act."""

from apps.grading.selectors.exam_history.acts import (
    NOBODY,
    ExamHistory,
    Filters,
    get_exam_history,
    list_people,
)
from apps.grading.selectors.exam_history.sources import WHAT

__all__ = ["NOBODY", "WHAT", "ExamHistory", "Filters", "get_exam_history", "list_people"]
