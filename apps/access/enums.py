"""The words of access."""

from django.db.models import TextChoices


class KeyState(TextChoices):
    """Where an access key stands in its life; derived from its times, never stored."""

    ISSUED = "issued", "issued"
    REDEEMED = "redeemed", "redeemed"
    REVOKED = "revoked", "revoked"
