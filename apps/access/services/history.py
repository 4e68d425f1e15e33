"""Who did what and why, written into the history of every row a service changes."""

from contextlib import AbstractContextManager
from typing import Any

import pghistory
from django.contrib.auth.models import AbstractUser


def act(name: str, *, actor: AbstractUser | None, reason: str = "") -> AbstractContextManager[Any]:
    """The context of one act; `actor` is None for a command or a contestant."""
    context: AbstractContextManager[Any] = pghistory.context(
        actor=actor.pk if actor else None, act=name, reason=reason
    )
    return context
