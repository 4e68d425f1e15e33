"""The demo exam is one that people can sit at once."""

from collections import Counter

import pytest

from apps.exams.models import Exam
from apps.exams.services.demonstrating import import_demo_exam
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_import_demo_exam():
    block = {"name": "Demo", "opens_at": "2026-03-14T14:00:00Z", "closes_at": "2026-03-14T18:00:00Z"}
    imported = import_demo_exam(time_blocks=[block], actor=None, now=NOW)
    exam = Exam.objects.get(pk=imported.exam_id)
    kinds = Counter(exam.problems.values_list("kind", flat=True))
    assert kinds == {"choice": 2, "integer": 5, "expression": 2, "proof": 3}
    assert exam.figures.count() == 1
    assert exam.time_blocks.get().name == "Demo"
    for problem in exam.problems.all():
        assert problem.solution_html
        assert problem.accepted or problem.kind == "proof"
