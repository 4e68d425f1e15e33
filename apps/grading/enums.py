"""The words of grading and results."""

from django.db.models import TextChoices


class TaskStatus(TextChoices):
    """Open: to be done. Claimed: somebody is at it. Scored. Stale: the answer changed after it was scored.

    Referred: a grader sent it to the lead; nobody else is offered it.
    """

    OPEN = "open", "open"
    CLAIMED = "claimed", "claimed"
    SCORED = "scored", "scored"
    STALE = "stale", "stale"
    REFERRED = "referred", "with the lead"


class Standing(TextChoices):
    """How a contestant stands in a publication. Absent: never started; no rank, and a dash for points."""

    RANKED = "ranked", "ranked"
    ABSENT = "absent", "absent"
    DISQUALIFIED = "disqualified", "disqualified"
