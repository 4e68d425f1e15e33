"""The words of the sitting."""

from django.db.models import TextChoices


class SubmittedBy(TextChoices):
    """Who closed a paper."""

    CONTESTANT = "contestant", "the contestant"
    TIME = "time", "the end of time"
    ORGANISER = "organiser", "an organiser"


class RevisionState(TextChoices):
    """What became of an edit that arrived.

    Current: it became the answer. Conflict: it was written on an older text than the answer's, both are
    kept. Late: it arrived after deadline and grace; kept, not counted.
    """

    CURRENT = "current", "current"
    CONFLICT = "conflict", "conflict"
    LATE = "late", "late"
