"""One page of acts: what was done in one request, by one command or one call stands together."""

import uuid
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from pghistory.models import Context

from apps.exams.models import Exam
from apps.grading.rules import history_words
from apps.grading.selectors.exam_history.sources import ALL_KINDS, WHAT, rows_of
from apps.grading.selectors.exam_history.telling import Group, Told, tell

ACTS_PER_PAGE = 25
# A roster of thousands is one act: so many of its rows are told, the others counted.
ROWS_TOLD = 5
NOBODY = 0
# Rows without a context are acts of their own.
ACT = "COALESCE(context::text, of_kind || ':' || row_id)"


@dataclass(frozen=True, slots=True)
class Filters:
    """`who` is a user's id, NOBODY: contestants and commands; `what` is a key of WHAT; "" and None: all."""

    who: int | None = None
    what: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: who did what, when and why, and what it changed."""

    at: datetime
    who: str
    doing: str
    reason: str
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class ExamHistory:
    entries: Sequence[Entry]
    page: int
    has_next: bool


def get_exam_history(exam: Exam, filters: Filters, page: int) -> ExamHistory:
    """The newest first; the number of queries does not grow with what happened."""
    acts = list_acts(exam, filters, page)
    rows = list_rows(exam, filters, [act for act, _, _ in acts[:ACTS_PER_PAGE]])
    told = tell(exam, rows)
    users = get_user_model().objects.in_bulk({who for _, _, who in acts if who})
    names = {pk: user.get_username() for pk, user in users.items()}
    contexts = Context.objects.in_bulk({as_uuid(act) for act, _, _ in acts} - {None})
    return ExamHistory(
        entries=[
            entry_of(at, names.get(who or NOBODY, ""), contexts.get(as_uuid(act)), told[act])
            for act, at, who in acts[:ACTS_PER_PAGE]
        ],
        page=page,
        has_next=len(acts) > ACTS_PER_PAGE,
    )


def entry_of(at: datetime, username: str, context: Any, groups: Sequence[Group]) -> Entry:
    metadata = context.metadata if context else {}
    act = str(metadata.get("act") or "")
    ledger = any(group.is_ledger for group in groups)
    subjects = [line.subject for group in groups for line in group.lines]
    return Entry(
        at=at,
        who=history_words.who_in_words(username, act or ("ledger" if ledger else "")),
        doing=history_words.act_in_words(act),
        reason=history_words.reason_of(metadata, subjects),
        groups=groups,
    )


def list_acts(exam: Exam, filters: Filters, page: int) -> list[tuple[str, datetime, int | None]]:
    """Key, moment and doer of the acts of a page, and of one more if there is one."""
    condition, values = condition_of(exam, filters)
    return run(
        exam,
        filters,
        f"SELECT {ACT} AS act, MAX(happened_at), MAX(who) FROM ({{rows}}) AS rows {condition}"  # noqa: S608
        " GROUP BY act ORDER BY 2 DESC, 1 LIMIT %s OFFSET %s",
        [*values, ACTS_PER_PAGE + 1, (page - 1) * ACTS_PER_PAGE],
    )


def list_rows(exam: Exam, filters: Filters, acts: Sequence[str]) -> list[Told]:
    """The first rows of each kind and label in these acts, with how many there are."""
    found = run(
        exam,
        filters,
        "SELECT act, of_kind, label, row_id, many FROM ("  # noqa: S608 - parts of our own, and Django's
        f"SELECT *, {ACT} AS act, COUNT(*) OVER same AS many,"
        " ROW_NUMBER() OVER (same ORDER BY row_id) AS place"
        f" FROM ({{rows}}) AS rows WHERE {ACT} = ANY(%s)"
        f" WINDOW same AS (PARTITION BY {ACT}, of_kind, label)"
        ") AS numbered WHERE place <= %s ORDER BY ARRAY_POSITION(%s, of_kind), label, row_id",
        [list(acts), ROWS_TOLD, list(ALL_KINDS)],
    )
    return [Told(*row) for row in found]


def list_people(exam: Exam) -> list[tuple[int, str]]:
    """Whoever did something in the exam, by name; two queries."""
    found = run(exam, Filters(), "SELECT DISTINCT who FROM ({rows}) AS rows", [])
    users = get_user_model().objects.filter(pk__in=[who for (who,) in found if who])
    return sorted(((user.pk, user.get_username()) for user in users), key=lambda pair: pair[1])


def run(exam: Exam, filters: Filters, sql: str, values: Sequence[Any]) -> list[Any]:
    """Our frame around Django's union: grouping one is beyond querysets."""
    kinds = WHAT[filters.what][1] if filters.what else ALL_KINDS
    rows, of_rows = rows_of(exam, kinds).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("{rows}", rows), [*of_rows, *values])
        return list(cursor.fetchall())


def condition_of(exam: Exam, filters: Filters) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if filters.who == NOBODY:
        conditions.append("who IS NULL")
    elif filters.who is not None:
        conditions.append("who = %s")
        values.append(filters.who)
    if filters.day is not None:
        start = datetime.combine(filters.day, time(), zoneinfo.ZoneInfo(exam.zone))
        conditions.append("happened_at >= %s AND happened_at < %s")
        values += [start, start + timedelta(days=1)]
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), values


def as_uuid(act: str) -> uuid.UUID | None:
    return None if ":" in act else uuid.UUID(act)
