"""What a contestant sees before the paper."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.access.selectors.entry import SignedIn
from apps.exams.enums import ExamStatus, Phase
from apps.exams.rules import phases
from apps.exams.selectors.content import get_content
from apps.submissions.selectors.own_registrations import OwnRegistration, get_own_registrations
from apps.submissions.selectors.times import clock_of, phase_of_paper, terms_of


@dataclass(frozen=True)
class OtherExam:
    """Another exam the same key opens; `choose` is what the form sends."""

    title: str
    choose: str


@dataclass(frozen=True)
class Cover:
    """One exam as its contestant stands before it. Times are moments; `zone` is where they are told.

    `ends_at` is the deadline, before a start the latest one can get.
    """

    exam_title: str
    contestant_number: str
    contestant_name: str
    is_tester: bool
    instructions_html: str
    phase: Phase
    clock: str
    zone: str
    now: datetime
    opens_at: datetime
    closes_at: datetime
    deadline_at: datetime | None
    ends_at: datetime
    deadline_if_started_now: datetime
    minutes_if_started_now: int
    full_minutes: int
    started: bool
    submitted: bool
    others: tuple[OtherExam, ...]

    @property
    def is_late(self) -> bool:
        """Whether a start now gets less than the full time."""
        return self.phase == Phase.LATE_ENTRY


def get_cover(*, contestant: SignedIn, now: datetime) -> Cover | None:
    """The cover of the chosen exam, in one query beside the cache; None if there is no exam to choose."""
    registrations = get_own_registrations(contestant_id=contestant.contestant_id)
    if not registrations:
        return None
    mine = (one for one in registrations if one.registration.pk == contestant.registration_id)
    chosen = next(mine, registrations[0])
    exams = [one.registration.exam for one in registrations if one is not chosen]
    others = tuple(OtherExam(exam.title, exam.slug) for exam in exams)
    return cover_of(contestant, chosen, others, now)


def cover_of(
    contestant: SignedIn, own: OwnRegistration, others: tuple[OtherExam, ...], now: datetime
) -> Cover:
    registration, paper = own.registration, own.paper
    exam, block = registration.exam, registration.time_block
    terms, clock = terms_of(registration), clock_of(exam)
    if_started = phases.deadline_for(now, terms.window, clock, terms.allowance)
    return Cover(
        exam_title=exam.title,
        contestant_number=contestant.contestant_number,
        contestant_name=contestant.contestant_name,
        is_tester=registration.tester,
        instructions_html=get_content(exam_id=exam.pk, version=exam.version).instructions_html,
        phase=phase_of(own, now),
        clock=exam.clock,
        zone=block.zone or exam.zone,
        now=now,
        opens_at=block.opens_at,
        closes_at=paper.deadline_at if paper else terms.window.entry_ends_at,
        deadline_at=paper.deadline_at if paper else None,
        ends_at=paper.deadline_at if paper else phases.latest_close(terms.window, clock, terms.allowance),
        deadline_if_started_now=if_started,
        minutes_if_started_now=max(if_started - now, timedelta(0)) // timedelta(minutes=1),
        full_minutes=phases.full_time(terms.window, clock, terms.allowance) // timedelta(minutes=1),
        started=paper is not None,
        submitted=paper is not None and paper.submitted_at is not None,
        others=others,
    )


def phase_of(own: OwnRegistration, now: datetime) -> Phase:
    """Where this contestant stands. A tester's paper opens early; a draft is not open for anybody else."""
    registration, paper = own.registration, own.paper
    exam, terms = registration.exam, terms_of(registration)
    if paper is not None:
        return phase_of_paper(paper, now)
    if exam.status == ExamStatus.CLOSED:
        return Phase.CLOSED
    if registration.tester:
        return Phase.OPEN
    if exam.status == ExamStatus.DRAFT:
        return Phase.NOT_OPEN
    return phases.phase_at(now, terms.window, clock_of(exam), terms.allowance)
