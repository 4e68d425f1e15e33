"""How an answer changed hands: given back, sent to the lead and back, handed to somebody, freed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from apps.grading.models import Assignment, Referral, Surrender

GAVE_BACK = "gave it back"
SENT = "sent it to the lead"
SENT_BACK = "sent it back"
HANDED = "handed it to"
FREED = "freed it"


@dataclass(frozen=True, slots=True)
class Handling:
    """One line: who did what when; `other` is whom it was handed to."""

    at: datetime
    who: str
    what: str
    other: str
    words: str


def list_handling(task_id: int) -> list[Handling]:
    """In the order in which it happened, in one query."""
    nothing = Value("")
    returned = Surrender.objects.filter(task=task_id).values_list(
        F("surrendered_at"), "grader__username", Value(GAVE_BACK), nothing, nothing
    )
    sent = Referral.objects.filter(task=task_id).values_list(
        F("referred_at"), "grader__username", Value(SENT), nothing, "note"
    )
    sent_back = (
        Referral.objects.filter(task=task_id)
        .exclude(reply="")
        .values_list(F("resolved_at"), "resolved_by__username", Value(SENT_BACK), nothing, "reply")
    )
    handed = Assignment.objects.filter(task=task_id).values_list(
        F("assigned_at"),
        "assigned_by__username",
        Value(HANDED),
        Coalesce("grader__username", nothing),
        nothing,
    )
    rows = returned.order_by().union(*[part.order_by() for part in (sent, sent_back, handed)], all=True)
    lines = [Handling(*row) for row in sorted(rows, key=lambda row: row[0])]
    return [freed(line) if line.what == HANDED and not line.other else line for line in lines]


def freed(line: Handling) -> Handling:
    return Handling(at=line.at, who=line.who, what=FREED, other="", words="")


def note_to_lead(handling: Sequence[Handling]) -> Handling | None:
    """The grader's note with which the answer came to the lead, the latest if there are several."""
    return next((line for line in reversed(handling) if line.what == SENT), None)
