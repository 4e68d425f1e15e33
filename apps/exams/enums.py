"""The words an exam is described with."""

from django.db.models import TextChoices


class ExamStatus(TextChoices):
    """Draft: being made, testers only. Ready: opens by its times. Closed: over for everybody."""

    DRAFT = "draft", "draft"
    READY = "ready", "ready"
    CLOSED = "closed", "closed"


class ClockKind(TextChoices):
    """Common: everybody ends with the time block. Personal: a duration counts from one's own start."""

    COMMON = "common", "common window"
    PERSONAL = "personal", "personal duration"


class LateStart(TextChoices):
    """Whether a personal clock started late still ends with the time block."""

    COMMON_END = "common_end", "ends with the time block"
    FULL_TIME = "full_time", "gets the full time"


class ResultsPolicy(TextChoices):
    """What a contestant sees once results are published."""

    OWN = "own", "own result"
    LIST = "list", "own result and the list"
    PUBLIC = "public", "the list is public"


class ProblemKind(TextChoices):
    CHOICE = "choice", "choice"
    INTEGER = "integer", "integer"
    EXPRESSION = "expression", "expression"
    PROOF = "proof", "proof"


class FigureKind(TextChoices):
    SVG = "image/svg+xml", "SVG"
    PNG = "image/png", "PNG"


class StaffRole(TextChoices):
    ORGANISER = "organiser", "organiser"
    LEAD_GRADER = "lead_grader", "lead grader"
    GRADER = "grader", "grader"
    PROCTOR = "proctor", "proctor"
    OBSERVER = "observer", "observer"


class Phase(TextChoices):
    """Where an exam, or one paper of it, stands at a moment.

    Late entry: still open, but whoever starts now gets less than the full time.
    Closing: the deadline has passed, what arrives within the grace still counts.
    """

    NOT_OPEN = "not_open", "not yet open"
    OPEN = "open", "open"
    LATE_ENTRY = "late_entry", "late entry"
    CLOSING = "closing", "closing"
    CLOSED = "closed", "closed"
