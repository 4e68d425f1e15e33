"""Grading and results for programs."""

from apps.grading.api.own import MyResult
from apps.grading.api.results import Publish, ResultList, Withdraw
from apps.grading.api.tasks import NextTask, ScoreTask, SurrenderTask, TaskList

__all__ = [
    "MyResult",
    "NextTask",
    "Publish",
    "ResultList",
    "ScoreTask",
    "SurrenderTask",
    "TaskList",
    "Withdraw",
]
