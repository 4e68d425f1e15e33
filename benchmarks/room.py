"""A sitting to measure on: the demo exam, open now, and a room of contestants who have all started."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from apps.access.gate import sign_in
from apps.access.services.issuing import IssuedKey, issue_anonymous_keys
from apps.exams.enums import ExamStatus
from apps.exams.models import Exam, Problem
from apps.exams.services.demonstrating import import_demo_exam
from apps.submissions.gate import issue_save_token
from apps.submissions.models import Answer, Submission
from apps.submissions.services.saving import SavePass
from benchmarks.client import request

BLOCK = "Benchmark"
FORM = "application/x-www-form-urlencoded"
CSRF = "0123456789abcdefghijklmnopqrstuv"  # the same in cookie and header, as a browser would have it


@dataclass(frozen=True)
class Seat:
    """One contestant at their page: what their browser holds."""

    submission_id: int
    key_id: int
    key: str
    device: uuid.UUID
    save_token: str
    cookies: str


@dataclass(frozen=True)
class Room:
    exam_id: int
    problem_count: int
    seats: Sequence[Seat]


def furnish(count: int, *, now: datetime) -> Room:
    """So many contestants of the demo exam, each with a key and a paper with blank answers."""
    block = {
        "name": BLOCK,
        "opens_at": (now - timedelta(hours=1)).isoformat(),
        "closes_at": (now + timedelta(days=1)).isoformat(),
    }
    exam = Exam.objects.get(pk=import_demo_exam(time_blocks=[block], actor=None, now=now).exam_id)
    Exam.objects.filter(pk=exam.pk).update(status=ExamStatus.READY)
    keys = issue_anonymous_keys(exam_id=exam.pk, count=count, time_block=BLOCK, actor=None, now=now)
    papers = Submission.objects.bulk_create(
        Submission(
            registration_id=key.registration_id,
            started_at=now,
            deadline_at=now + timedelta(days=1),
            grace_seconds=30,
            writer=uuid.uuid4(),
        )
        for key in keys
    )
    problems = list(Problem.objects.filter(exam=exam))
    Answer.objects.bulk_create(
        (
            Answer(submission=paper, problem=problem, number=problem.number)
            for paper in papers
            for problem in problems
        ),
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    seats = [seat(key, paper, exam.version, now) for key, paper in zip(keys, papers, strict=True)]
    return Room(exam_id=exam.pk, problem_count=len(problems), seats=seats)


def seat(key: IssuedKey, paper: Submission, version: int, now: datetime) -> Seat:
    assert paper.writer is not None  # noqa: S101 - furnished with one
    response = HttpResponse()
    sign_in(response, key_id=key.id, epoch=1, registration_id=key.registration_id, now=now)
    cookies = {name: morsel.value for name, morsel in response.cookies.items()}
    cookies[settings.CSRF_COOKIE_NAME] = CSRF
    return Seat(
        submission_id=paper.pk,
        key_id=key.id,
        key=key.key,
        device=paper.writer,
        save_token=issue_save_token(SavePass(paper.pk, key.id, 1, version, paper.writer)),
        cookies="; ".join(f"{name}={value}" for name, value in cookies.items()),
    )


def page(one: Seat, method: str, path: str, form: str = "") -> bytes:
    """A request as the contestant's browser sends it."""
    headers = {"Cookie": one.cookies, "Accept": "text/html", "Accept-Encoding": "gzip, deflate"}
    if method == "POST":
        headers |= {"Content-Type": FORM, "X-CSRFToken": CSRF}
    return request(method, path, headers, form.encode())


def saving_headers(one: Seat) -> dict[str, str]:
    return {"Content-Type": "application/json", "Authorization": f"Bearer {one.save_token}"}


def naive_headers() -> dict[str, str]:
    """A user with a session, as the naive save knows its contestants."""
    user = get_user_model().objects.create(username=f"naive-{secrets.token_hex(6)}")
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF}"
    return {"Content-Type": "application/json", "Cookie": cookies, "X-CSRFToken": CSRF}


def revisions(seats: Sequence[Seat], numbers: Sequence[int]) -> list[dict[int, int]]:
    """The revision each answer has now, by seat and problem number."""
    found: dict[int, dict[int, int]] = {one.submission_id: {} for one in seats}
    rows = Answer.objects.filter(submission__in=found, number__in=numbers)
    for submission, number, revision in rows.values_list("submission", "number", "revision"):
        found[submission][number] = revision
    return [found[one.submission_id] for one in seats]


def reopen(seats: Sequence[Seat]) -> None:
    """Let papers be handed in once more."""
    papers = Submission.objects.filter(pk__in=[one.submission_id for one in seats])
    papers.update(submitted_at=None, submitted_by="")
