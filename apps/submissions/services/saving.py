"""The save path: what arrives is committed by one SQL statement before anybody is told so."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import Error

from apps.core import prepared
from apps.core.database import is_passing
from apps.core.errors import RuleViolation
from apps.submissions.rules.batch import Batch, Fault, InvalidBatch
from apps.submissions.services.save_statement import HEARTBEAT, IN_FLIGHT
from apps.submissions.services.writing import MOST_LATE_DRAFTS, Rows, array_literal, write

if TYPE_CHECKING:
    from collections.abc import Iterator

FAULTS = {
    "unknown": ("number", "This paper has no problem with this number."),
    "reused": ("op", "This op was used for another problem."),
    "full": ("op", f"This paper is closed and holds {MOST_LATE_DRAFTS} late drafts; no more are kept."),
}


class SignedOut(RuleViolation):
    """The key was revoked, its sessions were ended, or there is no such paper."""

    message = "You are signed out. Enter your key again; your work is kept."
    code = "signed_out"
    status = 401


class DatabaseBusy(RuleViolation):
    """The database did not answer in time; nothing is known to be kept, and the same batch may come again."""

    message = "Saving takes longer than usual. Your work is on this device; it is sent again by itself."
    code = "busy"
    status = 503


@dataclass(frozen=True)
class SavePass:
    """Who may save: what the contestant's token names. `paper_version` is the exam's version on the page.

    `page` is the page the token was made for, which decides who writes: whatever a client calls its
    device, it writes with the token of the page that was opened last. None: the device itself decides.
    """

    submission_id: int
    key_id: int
    epoch: int
    paper_version: int
    page: uuid.UUID | None = None


@dataclass(frozen=True)
class SavedEdit:
    """What became of one edit: its `RevisionState`, the answer's revision now, its text on a conflict."""

    op: uuid.UUID
    number: int
    state: str
    revision: int | None
    head: int
    replayed: bool
    head_text: str | None


@dataclass(frozen=True)
class Saved:
    """What was committed, and what the contestant's page wants to know anyway."""

    now: datetime
    deadline_at: datetime
    is_open: bool
    is_submitted: bool
    notices: int
    is_writer: bool
    edits: tuple[SavedEdit, ...] = ()


def save_batch(*, save_pass: SavePass, batch: Batch) -> Saved:
    """Keep every edit of a batch and say what became of each; the database's clock decides what is in time.

    Refuses with `SignedOut`, and with `InvalidBatch` for numbers and ops that do not belong here; then
    nothing of the batch was kept. (Only an op that is in flight for two problems at once is found out
    after the rest of its batch was kept.)
    """
    with busy_while_it_passes():
        rows = write(save_pass, batch) if batch.edits else ask_how_it_is(save_pass, batch)
    if not rows:
        raise SignedOut
    refuse_faults(batch, rows)
    at, deadline_at, is_open, is_submitted, notices, is_writer = rows[0][:6]
    saved = Saved(at, deadline_at, is_open, is_submitted, notices, is_writer)
    if not batch.edits:
        return saved
    edits = [row[6:13] for row in rows]
    if any(state is None for _, _, state, *_ in edits):
        with busy_while_it_passes():
            edits = with_those_in_flight(edits, save_pass, batch)
    return replace(saved, edits=tuple(SavedEdit(*edit) for edit in edits))


@contextmanager
def busy_while_it_passes() -> Iterator[None]:
    """Nothing is lost by an error that passes: op ids make it safe to send the same batch again."""
    try:
        yield
    except Error as error:
        if is_passing(error):
            raise DatabaseBusy from error
        raise


def ask_how_it_is(save_pass: SavePass, batch: Batch) -> Rows:
    """A heartbeat's row, the first columns of a save's."""
    return prepared.ask(
        HEARTBEAT,
        {
            "submission": save_pass.submission_id,
            "key": save_pass.key_id,
            "epoch": save_pass.epoch,
            "page": save_pass.page or batch.device,
        },
    )


def refuse_faults(batch: Batch, rows: Rows) -> None:
    """Name the edits that do not belong to this paper; the statement kept nothing then."""
    places = {edit.op: index for index, edit in enumerate(batch.edits)}
    faults = [Fault(places[row[6]], *FAULTS[row[13]]) for row in rows if batch.edits and row[13]]
    if faults:
        raise InvalidBatch(faults)


def with_those_in_flight(edits: Rows, save_pass: SavePass, batch: Batch) -> Rows:
    """Fill in the edits whose op another session was saving at the same moment; it has committed by now."""
    ops = array_literal(edit.op for edit in batch.edits)
    found = {
        row[0]: row for row in prepared.ask(IN_FLIGHT, {"submission": save_pass.submission_id, "ops": ops})
    }
    filled = []
    for index, edit in enumerate(edits):
        op, number, state = edit[:3]
        if state is None:
            _, kept_for, state, revision, head, text = found[op]
            if kept_for != number:
                raise InvalidBatch([Fault(index, *FAULTS["reused"])])
            filled.append((op, number, state, revision, head, True, text if state == "conflict" else None))
        else:
            filled.append(edit)
    return filled
