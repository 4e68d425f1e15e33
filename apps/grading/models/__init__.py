"""Grading tasks, scores, publications and results."""

from apps.grading.models.acts import ScoringAct
from apps.grading.models.grading import GradingTask, Score, Surrender
from apps.grading.models.handing import Assignment, Referral
from apps.grading.models.results import Publication, Result

__all__ = [
    "Assignment",
    "GradingTask",
    "Publication",
    "Referral",
    "Result",
    "Score",
    "ScoringAct",
    "Surrender",
]
