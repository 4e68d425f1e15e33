"""The application with a clock that is an hour slow, as on a machine that lost its time server.

`CHAOS_WORKERS` is of our own gunicorn settings only: nothing of this is reached from the product.
"""

from datetime import datetime, timedelta

from django.utils import timezone

SLOW = timedelta(hours=1)
true_now = timezone.now  # noqa: TID251


def slow_now() -> datetime:
    return true_now() - SLOW


timezone.now = slow_now  # noqa: TID251

from examgrader.wsgi import application  # noqa: E402 - everything is to import the slow clock

__all__ = ["application"]
