"""Time blocks moved to another day: by the clocks of their place, not by the hours between."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Times:
    opens_at: datetime
    last_entry_at: datetime | None
    closes_at: datetime


def local_time(moment: datetime, zone: str) -> datetime:
    """What the clocks of a zone show at a moment."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def shifted(times: Times, zone: str, by: timedelta) -> Times:
    """A block that opened at 15:00 opens at 15:00 again, also on the other side of a change of the clocks.

    How long it lasts stays. A time that the clocks skip becomes the one an hour later.
    """
    opens_at = (local_time(times.opens_at, zone) + by).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    moved = opens_at - times.opens_at
    last_entry_at = times.last_entry_at and times.last_entry_at + moved
    return Times(opens_at, last_entry_at, times.closes_at + moved)
