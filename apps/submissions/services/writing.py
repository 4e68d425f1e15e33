"""Saves on their way into the database: who comes while one is written is written with the next (ADR 24)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import Error

from apps.core import prepared
from apps.core.database import is_passing
from apps.core.together import Together
from apps.submissions.rules.batch import MOST_EDITS, Batch
from apps.submissions.services.save_statement import SAVE, patient

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from apps.submissions.services.saving import SavePass

logger = logging.getLogger(__name__)

Call: TypeAlias = "tuple[SavePass, Batch]"
Rows: TypeAlias = list[tuple[Any, ...]]

MOST_LATE_DRAFTS = 200


def write(save_pass: SavePass, batch: Batch) -> Rows:
    """The statement's rows for one call, in the order of its edits; none if nobody may save by this pass.

    Whoever finds the paper held, was in company with one that failed, or is signed out, asks again alone:
    what happens to one contestant costs the others nothing.
    """
    call = (save_pass, batch)
    return COMPANY.do(call) or of_each([call], prepared.ask(patient(SAVE), parameters_of([call])))[0]


def write_together(calls: Sequence[Call]) -> Sequence[Rows | None]:
    """The rows of each call; it never waits for a paper. None for all if it failed: whose fault it was is
    not known, and each finds out alone.
    """
    try:
        return of_each(calls, prepared.ask(SAVE, parameters_of(calls)))
    except Error as error:
        if len(calls) == 1:
            raise
        if not is_passing(error):
            logger.warning("%d saves together failed; each is tried alone", len(calls), exc_info=True)
        return [None] * len(calls)


def fits(calls: Sequence[Call], call: Call) -> bool:
    """Papers that differ, and together no more edits than one call may bring."""
    papers = {save_pass.submission_id for save_pass, _ in calls}
    edits = sum(len(batch.edits) for _, batch in (*calls, call))
    return call[0].submission_id not in papers and edits <= MOST_EDITS


COMPANY: Together[Call, Rows] = Together(write_together, fits=fits)


def of_each(calls: Sequence[Call], rows: Rows) -> list[Rows]:
    """Each call its own: the last column of a row says whose paper it is about."""
    by_paper: dict[int, Rows] = {save_pass.submission_id: [] for save_pass, _ in calls}
    for row in rows:
        by_paper[row[-1]].append(row)
    return list(by_paper.values())


def parameters_of(calls: Sequence[tuple[SavePass, Batch]]) -> dict[str, Any]:
    """What `SAVE` asks for, of calls for different papers."""
    edits = [(save_pass.submission_id, edit) for save_pass, batch in calls for edit in batch.edits]
    return {
        "papers": array_literal(save_pass.submission_id for save_pass, _ in calls),
        "keys": array_literal(save_pass.key_id for save_pass, _ in calls),
        "epochs": array_literal(save_pass.epoch for save_pass, _ in calls),
        "pages": array_literal(save_pass.page or batch.device for save_pass, batch in calls),
        "versions": array_literal(save_pass.paper_version for save_pass, _ in calls),
        "devices": array_literal(batch.device for _, batch in calls),
        "sizes": array_literal(len(batch.edits) for _, batch in calls),
        "places": array_literal(paper for paper, _ in edits),
        "ops": array_literal(edit.op for _, edit in edits),
        "numbers": array_literal(edit.number for _, edit in edits),
        "texts": array_literal(quoted(edit.text) for _, edit in edits),
        "bases": array_literal(edit.based_on for _, edit in edits),
        "most_late": MOST_LATE_DRAFTS,
    }


def array_literal(items: Iterable[object]) -> str:
    """An array as PostgreSQL reads it: over a list the driver works longer, in Python, to find its type."""
    return "{" + ",".join("NULL" if item is None else str(item) for item in items) + "}"


def quoted(text: str) -> str:
    """A text as an element of an array, whatever it holds."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
