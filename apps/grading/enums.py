"""The words of grading and results."""

from django.db.models import TextChoices


class TaskStatus(TextChoices):
    """Open: to be done. Claimed: somebody is at it. Scored. Stale: the answer changed after it was scored."""

    OPEN = "open", "open"
    CLAIMED = "claimed", "claimed"
    SCORED = "scored", "scored"
    STALE = "stale", "stale"


class Standing(TextChoices):
    """How a contestant stands in a publication. Absent: never started; no rank, and a dash for points."""

    RANKED = "ranked", "ranked"
    ABSENT = "absent", "absent"
    DISQUALIFIED = "disqualified", "disqualified"
