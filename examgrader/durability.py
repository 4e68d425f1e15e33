"""Saved means committed, and committed means on disk: the database must not be set to promise less."""

import logging
import sys
from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DatabaseError, connections

NEEDED = ("fsync", "full_page_writes", "synchronous_commit")
CANNOT_BOOT = 3  # gunicorn's own word for it: the master ends too, and does not try again and again

logger = logging.getLogger(__name__)


def check_durability(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a server that answers before the disk does. Run by `migrate` and `check --database default`."""
    return [message for alias in databases or () for message in weaknesses(alias)]


def weaknesses(alias: str) -> list[CheckMessage]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(NEEDED)])
        found = dict(cursor.fetchall())
    return [
        Error(
            f"{name} is off in the database {alias!r}: after a crash, saved answers could be missing.",
            hint=f"Set {name} to on, in the settings of the server, the role and the database.",
            id="examgrader.E001",
        )
        for name in NEEDED
        if found[name] == "off"
    ]


def refuse_to_serve_from_weak_databases(*, is_first: bool) -> None:
    """What the web does before its first request.

    The first processes end over a weakness, and the server with them. One that is started later, in the
    middle of a sitting, says it loudly and serves: nobody who writes is helped by a server that is away.
    A database that is away cannot be asked; the web then waits for it, and `migrate` has asked it before.
    """
    try:
        found = [message for alias in connections for message in weaknesses(alias)]
    except DatabaseError:
        logger.warning("The database does not answer yet: whether it waits for its disk is not known.")
        return
    finally:
        connections.close_all()  # this thread serves nobody
    for message in found:
        logger.critical("%s %s", message.msg, message.hint)
    if found and is_first:
        sys.exit(CANNOT_BOOT)
