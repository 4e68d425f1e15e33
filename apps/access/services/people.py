"""Correcting what is known of one contestant, and how one of them sits one exam."""

from collections.abc import Mapping

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from apps.access.models import Contestant, Erasure, Registration, School
from apps.access.services.history import act
from apps.core.errors import RuleViolation
from apps.exams.models import TimeBlock

CONTESTANT_FIELDS = frozenset(
    {"name", "external_id", "school", "team", "division", "grade", "room", "may_publish_name"}
)
REGISTRATION_FIELDS = frozenset({"time_block", "extra_minutes", "time_factor", "tester", "disqualification"})


class SchoolOfAnotherContest(RuleViolation):
    message = "This school belongs to another contest."
    code = "school_of_another_contest"


class ContestantErased(RuleViolation):
    message = "This contestant was erased: nothing is written down about them again, and they get no key."
    code = "contestant_erased"


class TimeBlockOfAnotherExam(RuleViolation):
    message = "This time block belongs to another exam."
    code = "time_block_of_another_exam"


@transaction.atomic
def change_contestant(
    *, contestant_id: int, changes: Mapping[str, object], actor: AbstractUser | None
) -> None:
    """Set the named fields; the number never changes, it stands on the slip."""
    with act("change_contestant", actor=actor):
        contestant = Contestant.objects.select_for_update(no_key=True).get(pk=contestant_id)
        refuse_erased(contestant.pk)
        school = changes.get("school")
        if isinstance(school, School) and school.contest_id != contestant.contest_id:
            raise SchoolOfAnotherContest
        assign(contestant, changes, CONTESTANT_FIELDS)


@transaction.atomic
def change_registration(
    *, registration_id: int, changes: Mapping[str, object], actor: AbstractUser | None
) -> None:
    """Set the named fields. A paper that was started keeps its deadline: moving that is another act."""
    with act("change_registration", actor=actor):
        registration = Registration.objects.select_for_update(no_key=True).get(pk=registration_id)
        refuse_erased(registration.contestant_id)
        block = changes.get("time_block")
        if isinstance(block, TimeBlock) and block.exam_id != registration.exam_id:
            raise TimeBlockOfAnotherExam
        assign(registration, changes, REGISTRATION_FIELDS)


def refuse_erased(*contestant_ids: int) -> None:
    """An erased contestant is a number without a person; call it under the lock that erasing takes."""
    if is_erased(*contestant_ids):
        raise ContestantErased


def is_erased(*contestant_ids: int) -> bool:
    """Whether one of them is."""
    return Erasure.objects.filter(contestant__in=contestant_ids).exists()


def assign(row: Contestant | Registration, changes: Mapping[str, object], known: frozenset[str]) -> None:
    if unknown := changes.keys() - known:
        raise ValueError(f"Not to be changed here: {sorted(unknown)}")
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))
