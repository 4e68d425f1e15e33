"""Issuing access keys: their plaintext leaves here once, in the answer, and is stored nowhere."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import Max

from apps.access.models import AccessKey, Contestant, KeyBatch, Registration
from apps.access.rules import keys
from apps.access.rules.people import printed_number
from apps.access.services.digests import digest_of
from apps.access.services.history import act
from apps.access.services.people import refuse_erased
from apps.core.errors import RuleViolation
from apps.exams.models import Contest, Exam, TimeBlock

MOST_KEYS = 20_000
KEYS_PER_STATEMENT = 500
REPLACED = "Replaced by a new key."

# Shows how far it is while it hands on what it was given.
Progress = Callable[[Sequence[int]], Iterable[int]]


@dataclass(frozen=True, kw_only=True)
class IssuedKey:
    """One new key with what stands on its slip. `key` is the plaintext: print it, never log or store it."""

    id: int
    registration_id: int
    number: str
    external_id: str
    name: str
    school: str
    time_block: str
    key: str = field(repr=False)
    hint: str
    batch: int


class KeyCountOutOfRange(RuleViolation):
    message = f"Between 1 and {MOST_KEYS} keys can be issued at once."
    code = "key_count_out_of_range"
    status = 400


class TimeBlockUnclear(RuleViolation):
    """The exam has several time blocks (or none) and none was named, or an unknown one was."""

    code = "time_block_unclear"
    status = 400


class RegistrationUnknown(RuleViolation):
    message = "Some of these registrations do not belong to this exam."
    code = "registration_unknown"
    status = 400


class NobodyWithoutKey(RuleViolation):
    message = (
        "All of these contestants have a key already, and keep it."
        " Ask for replacements (--replace) to issue new ones."
    )
    code = "nobody_without_key"


class IssuedAlready(RuleViolation):
    """The same request came twice: a second press would make the keys of the first file worthless."""

    code = "issued_already"


def issue_anonymous_keys(
    *,
    exam_id: int,
    count: int,
    time_block: str = "",
    tester: bool = False,
    actor: AbstractUser | None,
    now: datetime,
    request: UUID | None = None,
    progress: Progress = iter,
) -> list[IssuedKey]:
    """Keys for contestants who are only a number so far; each is registered in the named time block.

    The block may be left out where the exam has only one. Testers' keys open the paper early and are
    never counted. The same `request` is answered once.
    """
    if not 1 <= count <= MOST_KEYS:
        raise KeyCountOutOfRange
    with act("issue_anonymous_keys", actor=actor), transaction.atomic():
        exam = Exam.objects.get(pk=exam_id)
        block = find_time_block(exam, time_block)
        lock_contest(exam.contest_id)
        refuse_twice(request)
        first = next_number(exam.contest_id)
        contestants = Contestant.objects.bulk_create(
            Contestant(contest_id=exam.contest_id, number=number) for number in range(first, first + count)
        )
        registrations = Registration.objects.bulk_create(
            Registration(contestant=contestant, exam=exam, time_block=block, tester=tester)
            for contestant in contestants
        )
        batch = new_batch(exam, len(registrations), actor=actor, now=now, request=request)
        return issue(registrations, batch=batch, now=now, progress=progress)


def issue_keys_for(
    *,
    exam_id: int,
    registration_ids: Sequence[int],
    replace: bool,
    actor: AbstractUser | None,
    now: datetime,
    reason: str = REPLACED,
    request: UUID | None = None,
    progress: Progress = iter,
) -> list[IssuedKey]:
    """A key for each of these registrations' contestants, in the order given.

    A contestant has one valid key, for all their exams. Who has one keeps it and is left out; with
    `replace` it is revoked for the `reason` and a new one issued. What was written under the old key
    stays. The same `request` is answered once.
    """
    wanted = list(dict.fromkeys(registration_ids))
    if not 1 <= len(wanted) <= MOST_KEYS:
        raise KeyCountOutOfRange
    with act("issue_keys_for", actor=actor, reason=reason if replace else ""), transaction.atomic():
        exam = Exam.objects.get(pk=exam_id)
        # Whoever else issues for these contestants waits here, and then sees the keys issued now.
        lock_contest(exam.contest_id)
        refuse_twice(request)
        found = (
            Registration.objects.filter(exam=exam, pk__in=wanted)
            .select_related("contestant__school", "time_block")
            .in_bulk()
        )
        if len(found) != len(wanted):
            raise RegistrationUnknown
        registrations = [found[one] for one in wanted]
        refuse_erased(*(registration.contestant_id for registration in registrations))
        valid = AccessKey.objects.valid().filter(
            contestant__in=[registration.contestant_id for registration in registrations]
        )
        if replace:
            valid.update(revoked_at=now, revoked_reason=reason)
        else:
            keeping = set(valid.values_list("contestant_id", flat=True))
            registrations = [one for one in registrations if one.contestant_id not in keeping]
            if not registrations:
                raise NobodyWithoutKey
        batch = new_batch(exam, len(registrations), actor=actor, now=now, request=request)
        return issue(registrations, batch=batch, now=now, progress=progress)


def refuse_twice(request: UUID | None) -> None:
    """Call it under `lock_contest`: of two presses the second waits there, then sees the batch."""
    batch = KeyBatch.objects.filter(request=request).first() if request else None
    if batch is not None:
        raise IssuedAlready(
            f"These keys were issued already, as batch {batch.pk}. If its file is lost, reissue that batch;"
            " to issue more keys, open the page again."
        )


def new_batch(
    exam: Exam, count: int, *, actor: AbstractUser | None, now: datetime, request: UUID | None
) -> KeyBatch:
    return KeyBatch.objects.create(
        exam=exam,
        created_at=now,
        created_by_id=actor.pk if actor else None,
        key_count=count,
        request=request,
    )


def issue(
    registrations: Sequence[Registration], *, batch: KeyBatch, now: datetime, progress: Progress
) -> list[IssuedKey]:
    starts = range(0, len(registrations), KEYS_PER_STATEMENT)
    return [
        one
        for start in progress(starts)
        for one in issue_some(registrations[start : start + KEYS_PER_STATEMENT], batch=batch, now=now)
    ]


def issue_some(registrations: Sequence[Registration], *, batch: KeyBatch, now: datetime) -> list[IssuedKey]:
    plain = [keys.new_key() for _ in registrations]
    stored = AccessKey.objects.bulk_create(
        AccessKey(
            contestant=registration.contestant,
            batch=batch,
            digest=digest_of(symbols),
            hint=symbols[: keys.GROUP_SIZE],
            issued_at=now,
        )
        for registration, symbols in zip(registrations, plain, strict=True)
    )
    return [
        IssuedKey(
            id=row.pk,
            registration_id=registration.pk,
            number=printed_number(registration.contestant.number),
            external_id=registration.contestant.external_id,
            name=registration.contestant.name,
            school=registration.contestant.school.name if registration.contestant.school else "",
            time_block=registration.time_block.name,
            key=keys.printed(symbols),
            hint=row.hint,
            batch=batch.pk,
        )
        for registration, symbols, row in zip(registrations, plain, stored, strict=True)
    ]


def find_time_block(exam: Exam, name: str) -> TimeBlock:
    """The block of this name, or the only one; refuses to guess."""
    blocks = {block.name: block for block in exam.time_blocks.all()}
    if not blocks:
        raise TimeBlockUnclear("This exam has no time block yet.")
    if not name and len(blocks) == 1:
        return next(iter(blocks.values()))
    if name not in blocks:
        listed = ", ".join(blocks)
        said = f"There is no time block “{name}”." if name else "This exam has several time blocks."
        raise TimeBlockUnclear(f"{said} Name one of: {listed}.")
    return blocks[name]


def lock_contest(contest_id: int) -> None:
    """Until the end of the transaction nobody else numbers contestants or issues keys in this contest.

    NO KEY UPDATE: rows that only refer to the contest may be written meanwhile.
    """
    Contest.objects.select_for_update(no_key=True).get(pk=contest_id)


def next_number(contest_id: int) -> int:
    """The first free contestant number; call it under `lock_contest`."""
    highest: int | None = Contestant.objects.filter(contest_id=contest_id).aggregate(highest=Max("number"))[
        "highest"
    ]
    return (highest or 0) + 1
