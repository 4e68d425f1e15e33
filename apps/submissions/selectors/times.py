"""A registration's times, in the terms of the phase rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from apps.access.models import Registration
from apps.exams.enums import ClockKind, LateStart, Phase
from apps.exams.models import Exam
from apps.exams.rules import phases
from apps.submissions.models import Submission


@dataclass(frozen=True)
class Terms:
    """When one contestant may start, and what they get on top."""

    window: phases.Window
    allowance: phases.Allowance


class Timed(Protocol):
    """A paper, or what was read of one."""

    @property
    def deadline_at(self) -> datetime: ...
    @property
    def grace_seconds(self) -> int: ...
    @property
    def submitted_at(self) -> datetime | None: ...


def clock_of(exam: Exam) -> phases.Clock:
    """How this exam measures time."""
    duration = None if exam.duration_minutes is None else timedelta(minutes=exam.duration_minutes)
    return phases.Clock(
        kind=ClockKind(exam.clock),
        duration=duration,
        late_start=LateStart(exam.late_start),
        grace=timedelta(seconds=exam.grace_seconds),
    )


def terms_of(registration: Registration) -> Terms:
    """This contestant's window and allowance; `time_block` should be fetched with the registration."""
    block = registration.time_block
    return Terms(
        window=phases.Window(block.opens_at, block.last_entry_at, block.closes_at),
        allowance=phases.Allowance(registration.time_factor, registration.extra_minutes),
    )


def phase_of_paper(paper: Timed, now: datetime) -> Phase:
    """Open until the deadline, closing within the grace, closed after it or once handed in."""
    if paper.submitted_at is not None:
        return Phase.CLOSED
    grace = timedelta(seconds=paper.grace_seconds)
    if not phases.accepts(now, paper.deadline_at, grace):
        return Phase.CLOSED
    return Phase.OPEN if now <= paper.deadline_at else Phase.CLOSING


def told(submission: Submission, moment: datetime) -> str:
    """A moment in the zone of the paper's block: "14 Mar 15:04:10"."""
    registration = submission.registration
    zone = ZoneInfo(registration.time_block.zone or registration.exam.zone)
    return f"{moment.astimezone(zone):%d %b %H:%M:%S}"
