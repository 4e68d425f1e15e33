"""When an exam may be started, until when a paper may be written on, and what that is called.

Everything here is a pure function of the time block, the exam's clock, the contestant's allowance and a
moment. Boundaries: a start counts from the opening on and before the end of entry; a save counts up to and
including the deadline plus grace.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from apps.exams.enums import ClockKind, LateStart, Phase

_MINUTE = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A time block. Without a last entry one may start until it closes."""

    opens_at: datetime
    last_entry_at: datetime | None
    closes_at: datetime

    @property
    def entry_ends_at(self) -> datetime:
        return self.last_entry_at or self.closes_at


@dataclass(frozen=True, slots=True)
class Clock:
    """How an exam measures time. `duration` goes with a personal clock and only with it."""

    kind: ClockKind
    duration: timedelta | None = None
    late_start: LateStart = LateStart.COMMON_END
    grace: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if (self.kind == ClockKind.PERSONAL) != (self.duration is not None):
            raise ValueError("A personal clock has a duration, a common window has none.")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one contestant gets on top: a factor on the working time, and minutes."""

    factor: Decimal = Decimal(1)
    minutes: int = 0

    def on_top_of(self, length: timedelta) -> timedelta:
        """Time on top of `length`; the factor's share is rounded up to a minute.

        A factor of 1 adds nothing, also where the length is no whole number of minutes.
        """
        share = Fraction(length // _MICROSECOND) * (Fraction(self.factor) - 1)
        whole_minutes = -(-share // (_MINUTE // _MICROSECOND))
        return _MINUTE * (int(whole_minutes) + self.minutes)


NO_ALLOWANCE = Allowance()


def deadline_for(
    started_at: datetime, window: Window, clock: Clock, allowance: Allowance = NO_ALLOWANCE
) -> datetime:
    """Until when a paper started at `started_at` may be written on, grace aside."""
    if clock.duration is None:
        return window.closes_at + allowance.on_top_of(window.closes_at - window.opens_at)
    extra = allowance.on_top_of(clock.duration)
    own_end = started_at + clock.duration + extra
    if clock.late_start == LateStart.FULL_TIME:
        return own_end
    return min(own_end, window.closes_at + extra)


def full_time(window: Window, clock: Clock, allowance: Allowance = NO_ALLOWANCE) -> timedelta:
    """What somebody who starts in good time has."""
    length = window.closes_at - window.opens_at if clock.duration is None else clock.duration
    return length + allowance.on_top_of(length)


def latest_close(window: Window, clock: Clock, allowance: Allowance = NO_ALLOWANCE) -> datetime:
    """The deadline of whoever starts last: after it, and grace, no paper of the block is open."""
    return deadline_for(window.entry_ends_at, window, clock, allowance)


def may_start(now: datetime, window: Window) -> bool:
    """Whether a paper may be started. Extra time moves the end of a paper, not the end of entry."""
    return window.opens_at <= now < window.entry_ends_at


def accepts(now: datetime, deadline: datetime, grace: timedelta) -> bool:
    """Whether what arrives now for a paper with this deadline still counts."""
    return now <= deadline + grace


def phase_at(
    now: datetime,
    window: Window,
    clock: Clock,
    allowance: Allowance = NO_ALLOWANCE,
    *,
    deadline: datetime | None = None,
) -> Phase:
    """Where somebody stands. `deadline` is that of a paper already started, which the block no longer binds.

    Without a paper the end of entry closes the exam. With one it is open up to its deadline, then closing.
    """
    if deadline is not None:
        if now <= deadline:
            return Phase.OPEN
        return Phase.CLOSING if accepts(now, deadline, clock.grace) else Phase.CLOSED
    if now < window.opens_at:
        return Phase.NOT_OPEN
    if not may_start(now, window):
        return Phase.CLOSED
    time_left = deadline_for(now, window, clock, allowance) - now
    # Times are told in minutes: who loses seconds of a common window is not told to be late.
    is_late = full_time(window, clock, allowance) - time_left >= _MINUTE
    return Phase.LATE_ENTRY if is_late else Phase.OPEN
