"""Rows for `make plans`, and how each of the six hot paths is walked on them."""

import argparse
import json
import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.access.services.issuing import IssuedKey, issue_anonymous_keys
from apps.exams.enums import StaffRole
from apps.exams.models import Exam, Problem
from apps.grading.services.queueing import create_grading_tasks
from apps.submissions.models import Answer, Submission
from benchmarks.room import Seat, seat
from tests import factories

STILL_WRITING = 100  # of all papers


def furnish(options: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """Fill the database; return how each of the six paths is walked."""
    now = datetime.now(tz=UTC)
    exam = factories.ExamFactory()
    factories.TimeBlockFactory(
        exam=exam, name="All", opens_at=now - timedelta(hours=2), closes_at=now + timedelta(hours=2)
    )
    for number in range(options.problems):
        factories.ProblemFactory(exam=exam, number=number + 1)
    keys = issue_anonymous_keys(exam_id=exam.pk, count=options.contestants, actor=None, now=now)
    papers = write_papers(exam, keys, options, now)
    create_grading_tasks(exam_id=exam.pk, now=now)
    grader = factories.ExamStaffFactory(exam=exam, role=StaffRole.GRADER).user
    analyse()
    exam.refresh_from_db()
    return walks(seat(keys[-1], papers[-1], exam.version, now), grader, exam.pk)


def write_papers(
    exam: Exam, keys: Sequence[IssuedKey], options: argparse.Namespace, now: datetime
) -> list[Submission]:

    handed_in = len(keys) - min(STILL_WRITING, len(keys) // 2)
    papers = Submission.objects.bulk_create(
        Submission(
            registration_id=key.registration_id,
            started_at=now - timedelta(hours=1),
            deadline_at=now + timedelta(hours=2),
            grace_seconds=30,
            writer=uuid.uuid4(),
            submitted_at=now if place < handed_in else None,
            submitted_by="contestant" if place < handed_in else "",
        )
        for place, key in enumerate(keys)
    )
    problems = list(Problem.objects.filter(exam=exam))
    Answer.objects.bulk_create(
        (
            Answer(
                submission=paper,
                problem=problem,
                number=problem.number,
                text=f"It is {paper.pk}, as one sees.",
                revision=options.revisions,
            )
            for paper in papers
            for problem in problems
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        # In the order in which they would have come: round by round over all papers.
        cursor.execute(
            "INSERT INTO submissions_answerrevision (submission_id, answer_id, op, number, text, based_on,"
            " revision, state, paper_version, received_at)"
            " SELECT submission_id, id, gen_random_uuid(), number, text, round - 1, round, 'current', 1,"
            " now() - interval '1 hour' + round * interval '1 minute'"
            " FROM submissions_answer CROSS JOIN generate_series(1, %s) AS round"
            " ORDER BY round, submission_id",
            [options.revisions],
        )
    return papers


def analyse() -> None:

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def walks(one: Seat, grader: Any, exam_id: int) -> dict[str, Callable[[], object]]:
    """Each path as its browser walks it. The contestant has been here before, so the caches are warm."""
    contestant, staff = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    contestant.cookies = SimpleCookie(one.cookies)
    staff.force_login(grader)
    expect(200, contestant.get("/exam/paper/"))
    shown = expect(302, staff.post(reverse("admin:grading_next", args=[exam_id])))["Location"]
    task = int(re.findall(r"/(\d+)/score/", shown)[0])
    page = expect(200, staff.get(shown)).content.decode()
    hidden = {
        name: re.findall(rf'name="{name}" value="(\d+)"', page)[0] for name in ("based_on", "answer_revision")
    }
    number = 3
    revision = revision_of(one.submission_id, number)

    def save() -> None:
        edit = {"op": str(uuid.uuid4()), "number": number, "text": "It is 43.", "based_on": revision}
        body = {"device": str(one.device), "notices": 0, "edits": [edit]}
        expect(
            200,
            contestant.post(
                reverse("submissions:save"),
                json.dumps(body),
                content_type="application/json",
                headers={"Authorization": f"Bearer {one.save_token}"},
            ),
        )

    return {
        "Enter": lambda: expect(302, contestant.post("/enter/", {"key": one.key})),
        "Paper": lambda: expect(200, contestant.get("/exam/paper/")),
        "Save": save,
        "Hand in": lambda: expect(302, contestant.post("/exam/submit/")),
        "Claim": lambda: (
            expect(200, staff.post(reverse("admin:grading_ahead", args=[exam_id]), {"shown": task})) and None
        ),
        "Score": lambda: (
            expect(
                201,
                staff.post(
                    reverse("admin:grading_score", args=[task]),
                    {"points": "1", **hidden},
                    headers={"Accept": "application/json"},
                ),
            )
            and None
        ),
    }


def revision_of(submission_id: int, number: int) -> int:

    return Answer.objects.get(submission_id=submission_id, number=number).revision


def expect(status: int, response: Any) -> Any:
    if response.status_code != status:
        raise SystemExit(f"{response.status_code} instead of {status}: {response.content[:300]!r}")
    return response
