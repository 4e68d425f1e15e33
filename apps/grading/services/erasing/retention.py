"""Nobody's data is kept longer than there is a reason to: an exam's people go some time after its results."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from apps.access.models import Contestant
from apps.access.querysets import ContestantQuerySet
from apps.core.errors import RuleViolation
from apps.exams.models import Exam
from apps.grading.models import Publication
from apps.grading.services.erasing.contestants import erase_contestant
from apps.submissions.models import Submission


class TooFewDays(RuleViolation):
    message = "Keep the data for at least one day after the results."
    code = "too_few_days"


def people_due(*, exam: Exam, days: int, now: datetime) -> ContestantQuerySet:
    """Contestants of the exam who are not erased yet, if its newest results are older than so many days.

    Nobody while no results stand: then the exam is not over. Who also sits an exam of the contest whose
    results are not that old waits for it; the erasure is of the whole person.
    """
    if days < 1:
        raise TooFewDays
    nobody = Contestant.objects.none()
    newest = Publication.objects.filter(exam=exam).standing().first()
    if newest is None or newest.published_at > now - timedelta(days=days):
        return nobody
    people = Contestant.objects.filter(registrations__exam=exam, erasure=None)
    done = Publication.objects.filter(
        exam__contest=exam.contest_id, withdrawn_at=None, published_at__lte=now - timedelta(days=days)
    )
    fresh = Publication.objects.filter(
        exam__contest=exam.contest_id, withdrawn_at=None, published_at__gt=now - timedelta(days=days)
    )
    waiting = Exam.objects.filter(contest=exam.contest_id).exclude(
        pk__in=done.values("exam")
    ) | Exam.objects.filter(pk__in=fresh.values("exam"))
    writing = Submission.objects.accepting_at(now)
    return people.exclude(registrations__exam__in=waiting).exclude(
        registrations__in=writing.values("registration")
    )


def erase_exam_people(*, exam: Exam, days: int, reason: str, now: datetime) -> Iterator[Contestant]:
    """Erase who is due, each in a transaction of its own: what a failing one leaves is done the next time."""
    for contestant in list(people_due(exam=exam, days=days, now=now)):
        erase_contestant(contestant_id=contestant.pk, reason=reason, actor=None, now=now)
        yield contestant
