"""Who of the staff may come in, and what is asked of them again."""

from apps.exams.gate.confirming import CONFIRMED_AT, recently_confirmed
from apps.exams.gate.staff import ExamRoleBackend, exam_for, is_active_staff, staff_of

__all__ = [
    "CONFIRMED_AT",
    "ExamRoleBackend",
    "exam_for",
    "is_active_staff",
    "recently_confirmed",
    "staff_of",
]
