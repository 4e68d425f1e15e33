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


class ActKind(TextChoices):
    """What one act scored: a class of equal answers, the blank ones, or all that remained of a problem."""

    CLASS = "class", "a class"
    BLANKS = "blanks", "blank answers"
    REMAINING = "remaining", "all remaining"


class Standing(TextChoices):
    """How a contestant stands in a publication. Absent: never started; no rank, and a dash for points."""

    RANKED = "ranked", "ranked"
    ABSENT = "absent", "absent"
    DISQUALIFIED = "disqualified", "disqualified"


class Stage(TextChoices):
    """Where an exam stands as a whole, from its making to its results; derived, never stored.

    Entry: somebody may start. Running: nobody may start any more, papers are being written. Between: some
    time blocks are over, others to come. Over: everything ended, and nobody sat it.
    """

    DRAFT = "draft", "draft"
    BEFORE = "before", "not yet open"
    ENTRY = "entry", "entry open"
    RUNNING = "running", "running"
    BETWEEN = "between", "between time blocks"
    GRADING = "grading", "grading"
    SCORED = "scored", "scored"
    PUBLISHED = "published", "published"
    OVER = "over", "over"
