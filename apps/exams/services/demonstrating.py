"""The demo exam: twelve problems of our own, of every kind, in the format that organisers write."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from apps.exams.rules.documents import read
from apps.exams.services.importing import ImportedExam, import_exam_tree

DEMO = Path(__file__).parents[1] / "demo" / "spring.yaml"


def import_demo_exam(
    *, time_blocks: Sequence[Mapping[str, Any]], actor: AbstractBaseUser | None, now: datetime
) -> ImportedExam:
    """Import the demo exam with these time blocks; the file has none, so that it never grows old."""
    tree = {**read(DEMO.read_bytes(), DEMO.name).tree, "time_blocks": list(time_blocks)}
    figures = {path.name: path.read_bytes() for path in DEMO.parent.glob("*.svg")}
    return import_exam_tree(tree=tree, figures=figures, actor=actor, now=now)
