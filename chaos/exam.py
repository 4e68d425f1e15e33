"""The exam that is sat: copies of the demo exam, one for each sitting. (Needs Django's settings.)"""

import uuid
from datetime import UTC, datetime, timedelta

from django import db
from django.core.management import call_command

from apps.exams.enums import ExamStatus
from apps.exams.models import Exam, TimeBlock
from apps.exams.services.demonstrating import import_demo_exam
from apps.grading.services.rehearsing import Sandbox, open_sandbox
from apps.submissions.models import Answer, Submission
from apps.submissions.rules.batch import Batch, Edit
from apps.submissions.services.saving import SavePass, save_batch
from apps.submissions.services.starting import start_paper

BLOCK = "Chaos"


def prepare_database() -> None:
    """The tables, and the demo exam that all sandboxes are copies of."""
    call_command("migrate", verbosity=0)
    now = datetime.now(UTC)
    block = {
        "name": BLOCK,
        "opens_at": (now - timedelta(hours=1)).isoformat(),
        "closes_at": (now + timedelta(days=1)).isoformat(),
    }
    exam = import_demo_exam(time_blocks=[block], actor=None, now=now)
    Exam.objects.filter(pk=exam.exam_id).update(status=ExamStatus.READY)
    db.connections.close_all()


def new_exam(contestants: int, *, hours: float = 3) -> Sandbox:
    """A copy that is open now, with a key for each contestant. Broken connections are left behind."""
    db.connections.close_all()
    now = datetime.now(UTC)
    source = Exam.objects.filter(rehearses=None).order_by("pk").values_list("pk", flat=True)[0]
    sandbox = open_sandbox(
        exam_id=source, contestants=contestants, closes_at=now + timedelta(hours=hours), now=now
    )
    # Opened long ago: an application whose clock is slow lets people in as well.
    TimeBlock.objects.filter(exam=sandbox.exam_id).update(opens_at=now - timedelta(hours=6))
    db.connections.close_all()
    return sandbox


def seat_all(sandbox: Sandbox, *, text: str) -> int:
    """Everybody has started and written this text into every answer; return how many answers that are."""
    now = datetime.now(UTC)
    count = 0
    for key in sandbox.keys:
        paper = start_paper(registration_id=key.registration_id, now=now).submission
        numbers = Answer.objects.filter(submission=paper).values_list("number", flat=True)
        edits = tuple(Edit(uuid.uuid4(), number, text, 0) for number in numbers)
        saved = save_batch(save_pass=SavePass(paper.pk, key.id, 1, 1), batch=Batch(uuid.uuid4(), edits))
        count += sum(edit.state == "current" for edit in saved.edits)
    db.connections.close_all()
    return count


def end(sandbox: Sandbox) -> None:
    """Move every deadline of the exam into the past, grace and margin included."""
    now = datetime.now(UTC)
    papers = Submission.objects.filter(registration__exam=sandbox.exam_id)
    papers.update(started_at=now - timedelta(hours=3), deadline_at=now - timedelta(minutes=10))
    db.connections.close_all()
