"""Letting a text count that was kept apart: a late draft, or the other side of a conflict."""

import uuid
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.submissions.enums import RevisionState
from apps.submissions.models import Acceptance, Answer, AnswerRevision, Submission


class PaperStillOpen(RuleViolation):
    message = "The contestant can still write on this paper. Wait until it is closed."
    code = "paper_open"


class NotKeptApart(RuleViolation):
    message = "This text counts already, or it was let in before."
    code = "not_kept_apart"


class ReasonForAcceptance(RuleViolation):
    message = "Say why this text counts; it is kept with the answer."
    code = "no_reason"


@transaction.atomic
def accept_revision(*, revision_id: int, reason: str, actor: AbstractBaseUser, now: datetime) -> Acceptance:
    """Make a text that was kept apart the answer. What the answer was until then stays among its revisions.

    An answer that was scored before is no longer the one that was scored: it goes back to the graders.
    Refuses with `ReasonForAcceptance`, `PaperStillOpen`, `NotKeptApart`.
    """
    if not reason.strip():
        raise ReasonForAcceptance
    kept = AnswerRevision.objects.get(pk=revision_id)
    # The paper first, as saving does: nothing arrives and no deadline moves while this looks.
    Submission.objects.select_for_update().get(pk=kept.submission_id)
    if not Submission.objects.closed_at(now).filter(pk=kept.submission_id).exists():
        raise PaperStillOpen
    if kept.state == RevisionState.CURRENT or AnswerRevision.objects.filter(promoted_from=kept).exists():
        raise NotKeptApart
    answer = Answer.objects.select_for_update().get(pk=kept.answer_id)
    return Acceptance.objects.create(
        promoted=promote(kept, answer, counts=True),
        reason=reason.strip(),
        accepted_at=now,
        accepted_by_id=actor.pk,
    )


def promote(kept: AnswerRevision, answer: Answer, *, counts: bool) -> AnswerRevision:
    """Bring a text in as a revision of its own: the answer from now on if it `counts`, else a conflict.

    What was kept apart stays as it is. The caller holds the locks of the paper and of the answer.
    """
    based_on = kept.based_on
    if counts:
        based_on, answer.text, answer.revision = answer.revision, kept.text, answer.revision + 1
        answer.save(update_fields=["text", "revision"])
    return AnswerRevision.objects.create(
        submission_id=kept.submission_id,
        answer=answer,
        # An op of its own, the same whenever this text is promoted.
        op=uuid.uuid5(kept.op, "promoted"),
        number=kept.number,
        text=kept.text,
        based_on=based_on,
        revision=answer.revision if counts else None,
        state=RevisionState.CURRENT if counts else RevisionState.CONFLICT,
        paper_version=kept.paper_version,
        device=kept.device,
        received_at=kept.received_at,
        promoted_from=kept,
    )
