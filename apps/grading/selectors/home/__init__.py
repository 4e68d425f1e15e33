"""What the console's home shows."""

from apps.grading.selectors.home.cards import ExamCard, Home, PastExam, get_home

__all__ = ["ExamCard", "Home", "PastExam", "get_home"]
