"""A demo to try everything on: an exam that is open, keys, papers to grade, and staff who may do so."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import yaml
from django.contrib.auth import get_user_model
from django.db import transaction

from apps.access.models import Registration
from apps.access.rules.keys import ALPHABET
from apps.access.services.issuing import IssuedKey, issue_anonymous_keys, issue_keys_for
from apps.exams.enums import ExamStatus, StaffRole
from apps.exams.models import Exam, ExamStaff, TimeBlock
from apps.exams.services.demonstrating import import_demo_exam
from apps.exams.services.editing import bump_version
from apps.grading.services.queueing import create_grading_tasks
from apps.submissions.models import Submission
from apps.submissions.rules.batch import Batch, Edit
from apps.submissions.services.saving import SavePass, save_batch
from apps.submissions.services.starting import start_paper, take_pen
from apps.submissions.services.submitting import submit_paper

SLUG = "demo-spring"
PAPERS = Path(__file__).parents[1] / "demo" / "papers.yaml"
BLOCK = "Demo"
OPEN_FOR = timedelta(days=30)
# A demo that would close soon is opened for longer: whoever starts it again wants to try it.
RENEWED_BEFORE_END = timedelta(days=2)
KEY_COUNT = 30
STAFF = {"organiser": StaffRole.ORGANISER, "lead": StaffRole.LEAD_GRADER, "grader": StaffRole.GRADER}


@dataclass(frozen=True, slots=True)
class DemoAccount:
    username: str
    role: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Demo:
    """What can be told only now: keys and passwords are stored as digests."""

    title: str
    keys: Sequence[IssuedKey]
    handed_in: Sequence[IssuedKey]
    accounts: Sequence[DemoAccount]


def is_demo_there() -> bool:
    return Exam.objects.filter(slug=SLUG).exists()


def seed_demo(*, now: datetime) -> Demo:
    """Make the demo, or, if it is there already, new keys and passwords for it; papers are kept."""
    with transaction.atomic():
        exam = Exam.objects.filter(slug=SLUG).first() or import_exam(now)
        accounts = [appoint(exam, username, role) for username, role in STAFF.items()]
        keys = issue_keys(exam, now)
    # Saving commits by itself, on connections of its own: only what is committed can be written on.
    papers: list[Mapping[int, str]] = yaml.safe_load(PAPERS.read_text())
    finished, unused = keys[: len(papers)], keys[len(papers) :]
    for key, texts in zip(finished, papers, strict=True):
        if not Submission.objects.filter(registration_id=key.registration_id).exists():
            sit(key, texts, exam.version, now)
    create_grading_tasks(exam_id=exam.pk, now=now)
    return Demo(title=exam.title, keys=unused, handed_in=finished, accounts=accounts)


def import_exam(now: datetime) -> Exam:
    opens_at = now.replace(minute=0, second=0, microsecond=0)
    block = {
        "name": BLOCK,
        "opens_at": opens_at.isoformat(),
        "closes_at": (opens_at + OPEN_FOR).isoformat(),
    }
    import_demo_exam(time_blocks=[block], actor=None, now=now)
    exam = Exam.objects.get(slug=SLUG)
    exam.status = ExamStatus.READY
    exam.save(update_fields=["status"])
    return exam


@transaction.atomic
def keep_open(*, now: datetime) -> None:
    """Let the demo's block last, if it is over or nearly so."""
    ending = TimeBlock.objects.filter(exam__slug=SLUG, name=BLOCK, closes_at__lt=now + RENEWED_BEFORE_END)
    exam_ids = list(ending.values_list("exam_id", flat=True))
    ending.update(closes_at=now.replace(minute=0, second=0, microsecond=0) + OPEN_FOR)
    for exam_id in exam_ids:
        bump_version(exam_id)


def appoint(exam: Exam, name: str, role: StaffRole) -> DemoAccount:
    """An account with this role and a new password; a stranger's of the same name is left alone."""
    users = get_user_model().objects
    username = name if is_free_or_ours(exam, name) else f"demo-{name}"
    user = users.filter(username=username).first() or users.create_user(username, is_staff=True)
    password = new_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    ExamStaff.objects.get_or_create(exam=exam, user=user, defaults={"role": role})
    return DemoAccount(username, role.label, password)


def is_free_or_ours(exam: Exam, username: str) -> bool:
    """Ours is an account that works in the demo exam and nowhere else."""
    user = get_user_model().objects.filter(username=username).first()
    if user is None:
        return True
    works_in = set(ExamStaff.objects.filter(user=user).values_list("exam_id", flat=True))
    return works_in == {exam.pk} and not user.is_superuser


def new_password() -> str:
    """Twelve random letters and digits in groups, easy to copy by hand: about 59 bits."""
    return "-".join("".join(secrets.choice(ALPHABET.lower()) for _ in range(4)) for _ in range(3))


def issue_keys(exam: Exam, now: datetime) -> list[IssuedKey]:
    """Keys for the demo's contestants, in the order of their numbers; old keys are replaced."""
    registered = list(
        Registration.objects.filter(exam=exam).order_by("contestant__number").values_list("pk", flat=True)
    )
    if registered:
        return issue_keys_for(exam_id=exam.pk, registration_ids=registered, replace=True, actor=None, now=now)
    return issue_anonymous_keys(exam_id=exam.pk, count=KEY_COUNT, time_block=BLOCK, actor=None, now=now)


def sit(key: IssuedKey, texts: Mapping[int, str], version: int, now: datetime) -> None:
    """Start, write and hand in a paper through the same doors as a contestant's browser."""
    paper = start_paper(registration_id=key.registration_id, now=now).submission
    device = uuid.uuid4()
    take_pen(registration_id=paper.registration_id, device=device)
    edits = tuple(Edit(uuid.uuid4(), number, text.strip("\n"), 0) for number, text in texts.items())
    save_batch(
        save_pass=SavePass(submission_id=paper.pk, key_id=key.id, epoch=1, paper_version=version),
        batch=Batch(device=device, edits=edits),
    )
    submit_paper(submission_id=paper.pk, now=now)
