"""What arrived for a paper and does not count: late drafts, and the other side of conflicts."""

from dataclasses import dataclass
from typing import Self

from apps.submissions.enums import RevisionState
from apps.submissions.models import AnswerRevision, Submission
from apps.submissions.selectors.times import told


@dataclass(frozen=True, slots=True)
class KeptText:
    """One text that was kept apart; `arrived` in the zone of the paper's block."""

    revision_id: int
    number: int
    state: str
    arrived: str
    text: str

    @classmethod
    def of(cls, revision: AnswerRevision, arrived: str) -> Self:
        return cls(revision.pk, revision.number, revision.get_state_display(), arrived, revision.text)


def list_kept(submission: Submission) -> list[KeptText]:
    """By problem and arrival, without what was let in since; one query."""
    promoted = AnswerRevision.objects.filter(submission=submission).exclude(promoted_from=None)
    revisions = (
        AnswerRevision.objects.filter(submission=submission)
        .exclude(state=RevisionState.CURRENT)
        .exclude(pk__in=promoted.values("promoted_from"))
        .order_by("number", "pk")
    )
    return [KeptText.of(revision, told(submission, revision.received_at)) for revision in revisions]
