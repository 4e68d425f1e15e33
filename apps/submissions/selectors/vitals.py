"""What /metrics asks of the sitting besides how it goes now."""

from apps.submissions.models import Receipt


def get_receipt_count() -> int:
    return Receipt.objects.count()
