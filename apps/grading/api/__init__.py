"""Grading and results for programs."""

from apps.grading.api.own import MyResult

__all__ = ["MyResult"]
