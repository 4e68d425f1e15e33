"""The words of access."""

from django.db.models import TextChoices


class KeyState(TextChoices):
    """Where an access key stands in its life; derived from its times, never stored."""

    ISSUED = "issued", "issued"
    REDEEMED = "redeemed", "redeemed"
    REVOKED = "revoked", "revoked"


class RosterChange(TextChoices):
    """What a row of a roster does to the contestant it names."""

    NEW = "new", "new contestant"
    REGISTERED = "registered", "new in this exam"
    CHANGED = "changed", "changed"
    UNCHANGED = "unchanged", "unchanged"
