"""How the sitting goes at this moment, for the person on call and for /metrics: in four queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import TruncMinute

from apps.access.rules.people import printed_number
from apps.core.presence import Heard, Presence
from apps.exams.enums import ExamStatus
from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.submissions.models import AnswerRevision, Submission

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

PAPERS = Presence("papers")

# A page lets itself be heard at least every 30 s: after this long two of its calls are missing.
SILENT_AFTER = timedelta(seconds=60)
# How far back the saves are asked for whoever was not heard; longer ago is all the same to who looks.
LOOK_BACK = timedelta(minutes=5)
MINUTES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class SilentPaper:
    """A contestant who may be writing without our hearing it; `heard_at` None: longer ago than we look."""

    paper_id: int
    contestant_id: int
    number: str
    heard_at: datetime | None
    deadline_at: datetime


@dataclass(frozen=True, slots=True)
class ExamNow:
    """An exam that is being written, or will be: its open papers, its saves, what comes next."""

    exam_id: int
    title: str
    zone: str
    open_papers: int
    saves_by_minute: Sequence[tuple[datetime, int]]  # whole minutes, the newest first
    silent: Sequence[SilentPaper]
    next_deadline: datetime | None
    next_deadline_papers: int
    next_opening: datetime | None

    @property
    def saves_last_minute(self) -> int:
        return self.saves_by_minute[0][1]


@dataclass(frozen=True, slots=True)
class SittingNow:
    """All exams that somebody watches. `hears` is False where only saves are known, and no heartbeats."""

    now: datetime
    exams: Sequence[ExamNow]
    hears: bool

    @property
    def open_papers(self) -> int:
        return sum(exam.open_papers for exam in self.exams)

    @property
    def silent_papers(self) -> int:
        return sum(len(exam.silent) for exam in self.exams)

    @property
    def next_deadline(self) -> datetime | None:
        return min((exam.next_deadline for exam in self.exams if exam.next_deadline), default=None)


def get_sitting_now(user: AbstractBaseUser | None, now: datetime) -> SittingNow:
    """What is being written in the exams that the user watches; None: in all of them. Testers aside."""
    exams = Exam.objects.filter(status=ExamStatus.READY)
    if user is not None:
        exams = exams.visible_to(user, roles.WATCH)
    exams = exams.annotate(next_opening=Min("time_blocks__opens_at", filter=Q(time_blocks__opens_at__gt=now)))
    rows = {exam.pk: exam for exam in exams}
    papers = list(
        Submission.objects.accepting_at(now)
        .counted()
        .filter(registration__exam__in=rows)
        .select_related("registration__contestant")
        .order_by("registration__contestant__number")
    )
    heard = PAPERS.heard(paper.pk for paper in papers)
    if heard is not None and now - heard.since < SILENT_AFTER:
        heard = None  # it has not listened for long enough to call anybody silent
    heard_at = last_heard(papers, heard, now)
    saves = saves_by_exam(list(rows), now)
    by_exam = defaultdict(list)
    for paper in papers:
        by_exam[paper.registration.exam_id].append(paper)
    return SittingNow(
        now=now,
        hears=heard is not None,
        exams=[
            exam_now(exam, by_exam[exam.pk], heard_at, saves.get(exam.pk, {}), now)
            for exam in rows.values()
            if by_exam[exam.pk] or exam.next_opening  # type: ignore[attr-defined]  # annotated
        ],
    )


def last_heard(papers: Sequence[Submission], heard: Heard | None, now: datetime) -> Mapping[int, datetime]:
    """When each paper was heard last, by its heartbeats where they are known and by its saves."""
    times = {paper.pk: paper.started_at for paper in papers if now - paper.started_at < LOOK_BACK}
    for paper_id, at in (heard.at if heard else {}).items():
        times[paper_id] = max(at, times.get(paper_id, at))
    # Only where a heartbeat is missing are the saves asked for: with Redis there are few of these.
    doubtful = [paper.pk for paper in papers if now - times.get(paper.pk, now - LOOK_BACK) > SILENT_AFTER]
    saved = (
        AnswerRevision.objects.filter(
            submission__in=doubtful, received_at__gt=now - LOOK_BACK, promoted_from=None
        )
        .order_by()
        .values_list("submission_id")
        .annotate(at=Max("received_at"))
    )
    for paper_id, at in saved:
        times[paper_id] = max(at, times.get(paper_id, at))
    return times


def saves_by_exam(exam_ids: Sequence[int], now: datetime) -> Mapping[int, Mapping[datetime, int]]:
    """Committed edits by exam and whole minute. What an organiser let count later did not arrive now."""
    minute = now.replace(second=0, microsecond=0)
    counted = (
        AnswerRevision.objects.filter(
            received_at__gte=minute - timedelta(minutes=MINUTES_SHOWN),
            received_at__lt=minute,
            promoted_from=None,
            submission__registration__exam__in=exam_ids,
        )
        .order_by()
        .values_list("submission__registration__exam_id", TruncMinute("received_at"))
        .annotate(count=Count("pk"))
    )
    found: dict[int, dict[datetime, int]] = defaultdict(dict)
    for exam_id, at, count in counted:
        found[exam_id][at] = count
    return found


def exam_now(
    exam: Exam,
    papers: Sequence[Submission],
    heard_at: Mapping[int, datetime],
    saves: Mapping[datetime, int],
    now: datetime,
) -> ExamNow:
    minute = now.replace(second=0, microsecond=0)
    minutes = [minute - timedelta(minutes=back) for back in range(1, MINUTES_SHOWN + 1)]
    next_deadline = min((paper.deadline_at for paper in papers), default=None)
    return ExamNow(
        exam_id=exam.pk,
        title=exam.title,
        zone=exam.zone,
        open_papers=len(papers),
        saves_by_minute=[(at, saves.get(at, 0)) for at in minutes],
        silent=[
            SilentPaper(
                paper_id=paper.pk,
                contestant_id=paper.registration.contestant_id,
                number=printed_number(paper.registration.contestant.number),
                heard_at=heard_at.get(paper.pk),
                deadline_at=paper.deadline_at,
            )
            for paper in papers
            if now - heard_at.get(paper.pk, now - LOOK_BACK) > SILENT_AFTER
        ],
        next_deadline=next_deadline,
        next_deadline_papers=sum(paper.deadline_at == next_deadline for paper in papers),
        next_opening=exam.next_opening,  # type: ignore[attr-defined]  # annotated
    )
