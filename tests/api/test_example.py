"""The example in the documents does what it says, against a real server."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings

from apps.access.services.issuing import issue_anonymous_keys
from apps.exams.enums import ProblemKind, StaffRole
from apps.grading.models import Score
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

EXAMPLE = settings.BASE_DIR / "docs" / "sit_and_grade.py"


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_it_sits_an_exam_and_grades_a_problem(live_server, real_now):
    block = factories.TimeBlockFactory(opens_at=real_now - timedelta(hours=1))
    for number in (1, 2):
        factories.ProblemFactory(exam=block.exam, number=number, kind=ProblemKind.INTEGER, accepted=["42"])
    grader = factories.ExamStaffFactory(exam=block.exam, role=StaffRole.GRADER).user
    grader.set_password("correct horse")
    grader.save()
    (issued,) = issue_anonymous_keys(exam_id=block.exam_id, count=1, actor=None, now=real_now)
    done = run(live_server.url, issued.key, grader.username, "correct horse")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Handed in: " in done.stdout
    assert Score.objects.get().points == 7
    again = run(live_server.url, issued.key, grader.username, "correct horse")
    assert (again.returncode, again.stderr) == (1, "me/save/: paper_closed\n")


def test_it_is_short():
    assert len(EXAMPLE.read_text().splitlines()) <= 60
