"""Grading and results for programs."""

from apps.grading.api.own import MyResult
from apps.grading.api.results import Publish, ResultList, Withdraw

__all__ = ["MyResult", "Publish", "ResultList", "Withdraw"]
