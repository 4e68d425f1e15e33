"""One contestant on one page: what they sit, the keys they had, how their papers stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from apps.access.models import AccessKey, Contestant, Registration
from apps.exams.rules import roles
from apps.submissions.enums import SubmittedBy
from apps.submissions.models import Submission, TimeChange
from apps.submissions.selectors.times import phase_of_paper


@dataclass(frozen=True, slots=True)
class DeadlineMove:
    before: datetime
    after: datetime
    reason: str
    moved_at: datetime
    moved_by: str


@dataclass(frozen=True, slots=True)
class PaperState:
    """A paper that was started; `closed_by` is blank while it is not handed in."""

    paper_id: int
    started_at: datetime
    deadline_at: datetime
    submitted_at: datetime | None
    closed_by: str
    phase: str


@dataclass(frozen=True, slots=True)
class Sitting:
    """One exam of the contestant's; `zone` is where its times are told."""

    registration_id: int
    exam: str
    block: str
    zone: str
    opens_at: datetime
    closes_at: datetime
    extra_minutes: int
    time_factor: Decimal
    tester: bool
    disqualification: str
    paper: PaperState | None
    moves: Sequence[DeadlineMove]


@dataclass(frozen=True, slots=True)
class KeyRow:
    key_id: int
    hint: str
    state: str
    valid: bool
    batch_id: int
    batch_is_ours: bool
    issued_at: datetime
    redeemed_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: str


@dataclass(frozen=True, slots=True)
class ContestantPage:
    contestant_id: int
    number: str
    name: str
    facts: Sequence[tuple[str, str]]
    zone: str
    sittings: Sequence[Sitting]
    keys: Sequence[KeyRow]
    erased_at: datetime | None

    @property
    def has_key(self) -> bool:
        return any(key.valid for key in self.keys)


def get_contestant_page(
    contestant_id: int, user: AbstractBaseUser | AnonymousUser, now: datetime
) -> ContestantPage | None:
    """In five queries; None if the user manages nobody's people in any exam of this contest."""
    people = Contestant.objects.visible_to(user, roles.MANAGE_PEOPLE).select_related("school", "erasure")
    contestant = people.filter(pk=contestant_id).first()
    if contestant is None:
        return None
    registrations = list(
        Registration.objects.visible_to(user, roles.MANAGE_PEOPLE)
        .filter(contestant=contestant)
        .select_related("exam", "time_block__exam")
        .order_by("time_block__opens_at", "pk")
    )
    papers = {
        paper.registration_id: paper for paper in Submission.objects.filter(registration__in=registrations)
    }
    moves = list(
        TimeChange.objects.filter(registration__in=registrations)
        .select_related("changed_by")
        .order_by("changed_at")
    )
    ours = {registration.exam_id for registration in registrations}
    keys = AccessKey.objects.filter(contestant=contestant).select_related("batch").order_by("-issued_at")
    return ContestantPage(
        contestant_id=contestant.pk,
        number=contestant.public_number,
        name=contestant.name,
        facts=facts_of(contestant),
        zone=registrations[0].time_block.zone_name if registrations else "UTC",
        sittings=[
            sitting_of(
                registration,
                papers.get(registration.pk),
                [move for move in moves if move.registration_id == registration.pk],
                now,
            )
            for registration in registrations
        ],
        keys=[key_row(key, batch_is_ours=key.batch.exam_id in ours) for key in keys],
        erased_at=contestant.erasure.erased_at if hasattr(contestant, "erasure") else None,
    )


def facts_of(contestant: Contestant) -> list[tuple[str, str]]:
    """What is known of the person, without what is blank."""
    facts = [
        ("School", contestant.school.name if contestant.school else ""),
        ("Organiser's id", contestant.external_id),
        ("Team", contestant.team),
        ("Division", contestant.division),
        ("Grade", contestant.grade),
        ("Room", contestant.room),
        ("Name in public lists", "yes" if contestant.may_publish_name else "no"),
    ]
    return [(word, value) for word, value in facts if value]


def sitting_of(
    registration: Registration, paper: Submission | None, moves: Sequence[TimeChange], now: datetime
) -> Sitting:
    block = registration.time_block
    return Sitting(
        registration_id=registration.pk,
        exam=registration.exam.title,
        block=block.name,
        zone=block.zone_name,
        opens_at=block.opens_at,
        closes_at=block.closes_at,
        extra_minutes=registration.extra_minutes,
        time_factor=registration.time_factor,
        tester=registration.tester,
        disqualification=registration.disqualification,
        paper=paper_state(paper, now) if paper else None,
        moves=[
            DeadlineMove(
                before=move.deadline_before,
                after=move.deadline_after,
                reason=move.reason,
                moved_at=move.changed_at,
                moved_by=move.changed_by.get_username() if move.changed_by else "a command",
            )
            for move in moves
        ],
    )


def paper_state(paper: Submission, now: datetime) -> PaperState:
    return PaperState(
        paper_id=paper.pk,
        started_at=paper.started_at,
        deadline_at=paper.deadline_at,
        submitted_at=paper.submitted_at,
        closed_by=str(SubmittedBy(paper.submitted_by).label) if paper.submitted_by else "",
        phase=str(phase_of_paper(paper, now).label),
    )


def key_row(key: AccessKey, *, batch_is_ours: bool) -> KeyRow:
    return KeyRow(
        key_id=key.pk,
        hint=key.hint,
        state=str(key.state.label),
        valid=key.revoked_at is None,
        batch_id=key.batch_id,
        batch_is_ours=batch_is_ours,
        issued_at=key.issued_at,
        redeemed_at=key.redeemed_at,
        revoked_at=key.revoked_at,
        revoked_reason=key.revoked_reason,
    )
