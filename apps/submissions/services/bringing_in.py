"""Bringing in what a page could not send: the same statement that saves, asked by somebody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from apps.access.models import AccessKey
from apps.core.errors import RuleViolation
from apps.submissions.models import AnswerRevision
from apps.submissions.rules.batch import InvalidBatch
from apps.submissions.services.accepting import PaperStillOpen
from apps.submissions.services.saving import save_batch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from apps.submissions.models import Submission
    from apps.submissions.rules.batch import Batch
    from apps.submissions.services.saving import SavePass


class NoValidKey(RuleViolation):
    message = "This contestant has no valid key. Issue one first; then bring the file in again."
    code = "no_valid_key"


class NotTaken(RuleViolation):
    message = "This paper cannot take these texts."
    code = "not_taken"


def bring_in(*, paper: Submission, save_pass: SavePass, batches: Sequence[Batch], now: datetime) -> int:
    """Keep the texts that are not here yet, apart from what counts; returns how many those were.

    Bringing a file in twice does nothing the second time, and a page that gets through to us later finds its
    ops known. `save_pass` is the page's; the key it names may have been replaced since, so the contestant's
    valid one stands for it. Refuses with `PaperStillOpen`, `NoValidKey`, `NotTaken`, `DatabaseBusy`.
    """
    if not paper.is_closed_at(now):
        raise PaperStillOpen
    key = AccessKey.objects.filter(contestant=paper.registration.contestant_id, revoked_at=None).first()
    if key is None:
        raise NoValidKey
    own_pass = replace(save_pass, key_id=key.pk, epoch=key.epoch)
    here = set(AnswerRevision.objects.filter(submission=paper).values_list("number", "text"))
    kept = 0
    for batch in batches:
        edits = tuple(edit for edit in batch.edits if (edit.number, edit.text) not in here)
        if edits:
            keep(own_pass, replace(batch, edits=edits))
            here |= {(edit.number, edit.text) for edit in edits}
            kept += len(edits)
    return kept


def keep(save_pass: SavePass, batch: Batch) -> None:
    try:
        save_batch(save_pass=save_pass, batch=batch)
    except InvalidBatch as refusal:
        raise NotTaken(f"{NotTaken.message} {refusal.faults[0].message}") from refusal
