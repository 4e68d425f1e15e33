"""A contestant's registrations, each with exam, time block and, once it was started, its paper's times.

When the bell rings everybody asks for these at once, on the cover and by starting. Putting the query together
from models takes ten times as long as asking it, so it is written once, when this module is loaded.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, models

from apps.access.models import Registration
from apps.core import prepared
from apps.exams.models import Exam, TimeBlock


@dataclass(frozen=True)
class PaperTimes:
    """What is asked of a started paper before it is opened."""

    pk: int
    deadline_at: datetime
    grace_seconds: int
    submitted_at: datetime | None


@dataclass(frozen=True)
class OwnRegistration:
    """A registration, its `exam` and `time_block` fetched with it; `paper` is None before the start."""

    registration: Registration
    paper: PaperTimes | None


def names_of(model: type[models.Model], *, without: tuple[str, ...] = ()) -> list[str]:
    """A model's attributes in the order in which a row makes it; those left out are asked for later."""
    fields = model._meta.concrete_fields  # noqa: SLF001 - documented, whatever its name
    return [field.attname for field in fields if field.attname not in without]


REGISTRATION = names_of(Registration)
EXAM = names_of(Exam, without=("instructions", "instructions_html"))  # long, and in the cache
TIME_BLOCK = names_of(TimeBlock)
OF_THE_EXAM = slice(len(REGISTRATION), len(REGISTRATION) + len(EXAM))
OF_THE_BLOCK = slice(OF_THE_EXAM.stop, OF_THE_EXAM.stop + len(TIME_BLOCK))
OF_THE_PAPER = slice(OF_THE_BLOCK.stop, None)

COLUMNS = ", ".join(
    f"{table}.{name}"
    for table, names in (("r", REGISTRATION), ("x", EXAM), ("b", TIME_BLOCK))
    for name in names
)
# The paper is found by itself, in a subquery that PostgreSQL does not take apart: a plan that was made before
# anybody had begun would go through all papers.
OWN = f"""
select {COLUMNS}, s.id, s.deadline_at, s.grace_seconds, s.submitted_at
from access_registration r
join exams_exam x on x.id = r.exam_id
join exams_timeblock b on b.id = r.time_block_id
left join lateral (select s.* from submissions_submission s where s.registration_id = r.id offset 0) s on true
"""  # noqa: S608 - of names in our models
OF_CONTESTANT = f"{OWN} where r.contestant_id = %(whose)s order by b.opens_at, x.slug"
OF_REGISTRATION = f"{OWN} where r.id = %(whose)s"


def get_own_registrations(*, contestant_id: int) -> list[OwnRegistration]:
    """All of a contestant's, in the order of their time blocks, in one query."""
    return find(OF_CONTESTANT, contestant_id)


def get_own_registration(*, registration_id: int) -> OwnRegistration:
    """One of them, in one query; refuses with `Registration.DoesNotExist`."""
    found = find(OF_REGISTRATION, registration_id)
    if not found:
        raise Registration.DoesNotExist
    return found[0]


def find(statement: str, whose: int) -> list[OwnRegistration]:
    own = []
    for row in prepared.ask(statement, {"whose": whose}):
        registration = Registration.from_db(DEFAULT_DB_ALIAS, REGISTRATION, row[: len(REGISTRATION)])
        registration.exam = Exam.from_db(DEFAULT_DB_ALIAS, EXAM, row[OF_THE_EXAM])
        registration.time_block = TimeBlock.from_db(DEFAULT_DB_ALIAS, TIME_BLOCK, row[OF_THE_BLOCK])
        times = row[OF_THE_PAPER]
        own.append(OwnRegistration(registration, None if times[0] is None else PaperTimes(*times)))
    return own
