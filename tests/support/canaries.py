"""A contestant whose every word bears a mark, and a search for the marks in everything that is kept."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pghistory
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection

from apps.access.models import AccessKey, Contestant, Registration
from apps.exams.enums import ResultsPolicy
from apps.grading.enums import TaskStatus
from apps.grading.models import Assignment, GradingTask, Referral
from apps.grading.services.publishing import publish_results, withdraw_results
from apps.submissions.enums import RevisionState
from apps.submissions.models import Acceptance, Answer, Receipt, Submission, TimeChange
from apps.submissions.rules.receipts import sha256
from apps.submissions.services.submitting import submit_paper
from tests import factories

# Every planted text begins with it.
MARK = "Zq7"
DEVICE = uuid.UUID("c0ffee00-0000-4000-8000-00000000cafe")


def canary(what):
    return f"{MARK}{what}"


@dataclass
class World:
    """An exam with results: the marked contestant, and others whose ranks must stay."""

    exam: object
    contestant: object
    registration: object
    paper: object
    others: list
    organiser: object


def build_world(now=factories.NOW, *, disqualified=False):
    """Everything the product can write about one contestant, each text with a mark."""
    exam = factories.ExamFactory(results=ResultsPolicy.PUBLIC)
    block = factories.TimeBlockFactory(exam=exam, opens_at=now - timedelta(hours=3))
    problems = [factories.ProblemFactory(exam=exam, number=number) for number in (1, 2)]
    organiser = factories.UserFactory(username="headmistress", is_superuser=True)
    others = [
        write_paper(exam, block, problems, organiser, now, texts=("41", "42"), points=points)
        for points in ((7, 6), (5, 4), (1, 0))
    ]
    school = factories.SchoolFactory(contest=exam.contest, name=canary("School"), code=canary("Code"))
    paper = write_paper(
        exam,
        block,
        problems,
        organiser,
        now,
        texts=(canary("Answer1"), canary("Answer2")),
        points=(6, 3),
        words=True,
        contestant__name=f"{canary('Ana')} {canary('Kovac')}",
        contestant__external_id=canary("Id"),
        contestant__school=school,
        contestant__team=canary("Team"),
        contestant__division=canary("Division"),
        contestant__grade=canary("Grade"),
        contestant__room=canary("Room"),
        contestant__may_publish_name=True,
        extra_minutes=25,
    )
    registration = paper.registration
    world = World(exam, registration.contestant, registration, paper, others, organiser)
    write_about(world, now)
    if disqualified:
        Registration.objects.filter(pk=registration.pk).update(disqualification=canary("Cheated"))
    return world


def write_paper(exam, block, problems, grader, now, *, texts, points, words=False, **registration):
    paper = factories.SubmissionFactory(
        registration=factories.RegistrationFactory(exam=exam, time_block=block, **registration),
        started_at=now - timedelta(hours=2),
        deadline_at=now - timedelta(minutes=30),
        writer=DEVICE if words else None,
    )
    for problem, text, given in zip(problems, texts, points, strict=True):
        answer = factories.AnswerFactory(submission=paper, problem=problem, text=text, revision=1)
        factories.AnswerRevisionFactory(answer=answer, text=text, device=DEVICE if words else None)
        task = factories.GradingTaskFactory(answer=answer, status=TaskStatus.SCORED, grader=grader)
        act = None
        if words:
            act = factories.ScoringActFactory(
                problem=problem, text=text, comment=canary("ActComment"), grader=grader
            )
        factories.ScoreFactory(
            task=task,
            points=Decimal(given),
            grader=grader,
            comment=canary("Comment") if words else "",
            note=canary("Note") if words else "",
            act=act,
        )
    submit_paper(submission_id=paper.pk, now=now - timedelta(minutes=31))
    paper.refresh_from_db()
    return paper


def write_about(world, now):
    """What others write about a contestant: keys, corrections, decisions, publications."""
    contestant, registration, paper = world.contestant, world.registration, world.paper
    factories.AccessKeyFactory(
        contestant=contestant, hint="ZQ7H", revoked_at=now, revoked_reason=canary("Revoked")
    )
    answer = Answer.objects.get(submission=paper, number=1)
    late = factories.AnswerRevisionFactory(
        answer=answer, text=canary("Late"), state=RevisionState.LATE, revision=None, based_on=1
    )
    promoted = factories.AnswerRevisionFactory(
        answer=answer, text=canary("Promoted"), revision=2, based_on=1, promoted_from=late
    )
    Acceptance.objects.create(
        promoted=promoted, reason=canary("Accepted"), accepted_at=now, accepted_by=world.organiser
    )
    TimeChange.objects.create(
        registration=registration,
        deadline_before=now,
        deadline_after=now + timedelta(minutes=5),
        reason=canary("Moved"),
        changed_at=now,
    )
    task = GradingTask.objects.filter(answer=answer).get()
    Referral.objects.create(
        task=task,
        grader=world.organiser,
        note=canary("Referred"),
        reply=canary("Reply"),
        referred_at=now,
        resolved_at=now,
        resolved_by=world.organiser,
    )
    Assignment.objects.create(task=task, assigned_by=world.organiser, assigned_at=now)
    publish_results(exam_id=world.exam.pk, actor=world.organiser, now=now)
    withdraw_results(exam_id=world.exam.pk, actor=world.organiser, reason="An error", now=now)
    publish_results(exam_id=world.exam.pk, actor=world.organiser, now=now)
    correct(world, now)
    for model, row in (
        (Contestant, contestant),
        (Registration, registration),
        (Submission, paper),
        (AccessKey, contestant.keys.first()),
        (type(contestant.school), contestant.school),
    ):
        LogEntry.objects.create(
            user=world.organiser,
            content_type=ContentType.objects.get_for_model(model),
            object_id=row.pk,
            object_repr=canary("Repr"),
            change_message=canary("Message"),
            action_flag=CHANGE,
        )


def correct(world, now):
    """Acts with reasons: one about the contestant alone, one about others as well; and a disqualification."""
    with pghistory.context(act="change_contestant", reason=canary("Alone")):
        Contestant.objects.filter(pk=world.contestant.pk).update(room=canary("Room2"))
    both = [world.contestant.pk, world.others[0].registration.contestant_id]
    with pghistory.context(act="change_contestant", reason=f"Copied from {world.contestant.name}"):
        Contestant.objects.filter(pk__in=both).update(grade="8")
    Contestant.objects.filter(pk=world.contestant.pk).update(grade=canary("Grade"))
    Registration.objects.filter(pk=world.registration.pk).update(disqualification=canary("Cheated"))
    Registration.objects.filter(pk=world.registration.pk).update(disqualification="")


def marks_of(world):
    """What must be nowhere: all the words, and what stands for the person without a word."""
    receipt = Receipt.objects.filter(submission=world.paper).last()
    return {
        MARK: "a word",
        "ZQ7H": "the hint of a key",
        str(DEVICE): "the device",
        receipt.code: "the receipt",
        world.paper.blind_code: "the blind code",
        str(world.paper.public_id): "the paper's id",
        bytes(world.paper.journal_key).hex(): "the journal's key",
        bytes(world.contestant.keys.first().digest).hex(): "the key's digest",
        sha256(canary("Answer1")): "the digest of an answer, short enough to guess",
        receipt.digest: "the receipt's digest",
        receipt.signature: "the receipt's signature",
    }


def columns():
    """Every column of every table that the product has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'public' order by table_name, ordinal_position"
        )
        return cursor.fetchall()


def find_in_database(marks):
    """The columns in which one of the marks stands, whatever their type: `{"table.column"}`."""
    found = set()
    with connection.cursor() as cursor:
        for table, column in columns():
            likes = " or ".join([f'"{column}"::text ilike %s'] * len(marks))
            cursor.execute(
                f'select exists (select from "{table}" where {likes})',  # noqa: S608 - names from the schema itself
                [f"%{mark}%" for mark in marks],
            )
            if cursor.fetchone()[0]:
                found.add(f"{table}.{column}")
    return found | found_in_sessions(marks)


def found_in_sessions(marks):
    """Sessions are packed: what they hold is read, not their text."""
    held = [str(session.get_decoded()) for session in Session.objects.all()]
    return {"django_session.session_data"} if any(mark in text for mark in marks for text in held) else set()
