"""Erasing what is kept about contestants: the one place where append-only rows are changed."""

from apps.grading.services.erasing.contestants import (
    ErasureReasonMissing,
    ErasureReasonTellsWho,
    StillWriting,
    erase_contestant,
)
from apps.grading.services.erasing.retention import erase_exam_people, people_due

__all__ = [
    "ErasureReasonMissing",
    "ErasureReasonTellsWho",
    "StillWriting",
    "erase_contestant",
    "erase_exam_people",
    "people_due",
]
