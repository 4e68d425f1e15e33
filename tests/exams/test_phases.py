"""Each boundary of an exam's time from both sides, then properties over any configuration."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.exams.enums import ClockKind, LateStart, Phase
from apps.exams.rules.phases import (
    Allowance,
    Clock,
    Window,
    accepts,
    deadline_for,
    full_time,
    latest_close,
    may_start,
    phase_at,
)

OPENS = datetime(2026, 3, 14, 14, 0, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=3)
TICK = timedelta(microseconds=1)


def at(minutes, seconds=0, ticks=0):
    return OPENS + timedelta(minutes=minutes, seconds=seconds) + ticks * TICK


COMMON = Clock(ClockKind.COMMON, grace=timedelta(seconds=30))
PERSONAL = Clock(ClockKind.PERSONAL, timedelta(minutes=60), LateStart.COMMON_END, timedelta(seconds=30))
FULL_TIME = Clock(ClockKind.PERSONAL, timedelta(minutes=60), LateStart.FULL_TIME, timedelta(seconds=30))
LONG = Clock(ClockKind.PERSONAL, timedelta(minutes=200), LateStart.COMMON_END, timedelta(0))

BLOCK = Window(OPENS, None, CLOSES)
EARLY_END = Window(OPENS, at(30), CLOSES)
ODD = Window(OPENS, None, OPENS + timedelta(minutes=45, seconds=30))

PLAIN = Allowance()
HALF_MORE = Allowance(Decimal("1.5"))
A_TENTH_MORE = Allowance(Decimal("1.1"))
TEN = Allowance(minutes=10)
BOTH = Allowance(Decimal("1.25"), 7)


@pytest.mark.parametrize(
    ("factor", "minutes", "length", "extra"),
    [
        ("1", 0, timedelta(minutes=60), 0),
        ("1.00", 0, timedelta(minutes=45, seconds=30), 0),
        ("1", 10, timedelta(minutes=60), 10),
        ("1.5", 0, timedelta(minutes=60), 30),
        ("1.5", 0, timedelta(minutes=61), 31),
        ("1.1", 0, timedelta(minutes=60), 6),
        ("1.1", 0, timedelta(minutes=61), 7),
        ("1.1", 0, timedelta(minutes=10), 1),
        ("1.01", 0, timedelta(minutes=1), 1),
        ("1.25", 7, timedelta(minutes=60), 22),
        ("1.33", 0, timedelta(minutes=100), 33),
        ("1.33", 0, timedelta(minutes=101), 34),
        ("2", 0, timedelta(minutes=45, seconds=30), 46),
        ("10", 1440, timedelta(minutes=60), 1980),
        ("1.5", 0, timedelta(0), 0),
    ],
)
def test_on_top_of_rounds_the_share_of_the_factor_up_to_a_minute(factor, minutes, length, extra):
    assert Allowance(Decimal(factor), minutes).on_top_of(length) == timedelta(minutes=extra)


@pytest.mark.parametrize(
    ("clock", "window", "allowance", "started", "deadline"),
    [
        # common window: the start does not matter
        (COMMON, BLOCK, PLAIN, at(0), at(180)),
        (COMMON, BLOCK, PLAIN, at(179), at(180)),
        (COMMON, EARLY_END, PLAIN, at(29), at(180)),
        (COMMON, BLOCK, TEN, at(0), at(190)),
        (COMMON, BLOCK, HALF_MORE, at(0), at(270)),
        (COMMON, BLOCK, A_TENTH_MORE, at(0), at(198)),
        (COMMON, BLOCK, BOTH, at(100), at(232)),
        (COMMON, ODD, PLAIN, at(0), at(45, 30)),
        (COMMON, ODD, HALF_MORE, at(0), at(68, 30)),
        # personal, ends with the block: both sides of the moment from which time is lost
        (PERSONAL, BLOCK, PLAIN, at(0), at(60)),
        (PERSONAL, BLOCK, PLAIN, at(120, 0, -1), at(180, 0, -1)),
        (PERSONAL, BLOCK, PLAIN, at(120), at(180)),
        (PERSONAL, BLOCK, PLAIN, at(120, 0, 1), at(180)),
        (PERSONAL, BLOCK, PLAIN, at(179, 59), at(180)),
        (PERSONAL, BLOCK, TEN, at(0), at(70)),
        (PERSONAL, BLOCK, TEN, at(120), at(190)),
        (PERSONAL, BLOCK, TEN, at(121), at(190)),
        (PERSONAL, BLOCK, HALF_MORE, at(0), at(90)),
        (PERSONAL, BLOCK, HALF_MORE, at(120), at(210)),
        (PERSONAL, BLOCK, HALF_MORE, at(150), at(210)),
        (PERSONAL, BLOCK, BOTH, at(10), at(92)),
        (PERSONAL, BLOCK, BOTH, at(170), at(202)),
        # personal with the full time
        (FULL_TIME, BLOCK, PLAIN, at(0), at(60)),
        (FULL_TIME, BLOCK, PLAIN, at(120, 0, 1), at(180, 0, 1)),
        (FULL_TIME, BLOCK, PLAIN, at(179), at(239)),
        (FULL_TIME, BLOCK, HALF_MORE, at(179), at(269)),
        (FULL_TIME, BLOCK, BOTH, at(179), at(261)),
        # a duration longer than the block
        (LONG, BLOCK, PLAIN, at(0), at(180)),
        (LONG, BLOCK, HALF_MORE, at(0), at(280)),
    ],
)
def test_deadline_for(clock, window, allowance, started, deadline):
    assert deadline_for(started, window, clock, allowance) == deadline


@pytest.mark.parametrize(
    ("clock", "window", "allowance", "latest"),
    [
        (COMMON, BLOCK, PLAIN, at(180)),
        (COMMON, EARLY_END, PLAIN, at(180)),
        (COMMON, BLOCK, BOTH, at(232)),
        (PERSONAL, BLOCK, PLAIN, at(180)),
        (PERSONAL, EARLY_END, PLAIN, at(90)),
        (PERSONAL, EARLY_END, HALF_MORE, at(120)),
        (PERSONAL, BLOCK, HALF_MORE, at(210)),
        (FULL_TIME, BLOCK, PLAIN, at(240)),
        (FULL_TIME, EARLY_END, PLAIN, at(90)),
        (FULL_TIME, BLOCK, BOTH, at(262)),
        (LONG, EARLY_END, PLAIN, at(180)),
    ],
)
def test_latest_close(clock, window, allowance, latest):
    assert latest_close(window, clock, allowance) == latest


@pytest.mark.parametrize(
    ("clock", "window", "allowance", "length"),
    [
        (COMMON, BLOCK, PLAIN, 180),
        (COMMON, BLOCK, HALF_MORE, 270),
        (PERSONAL, BLOCK, PLAIN, 60),
        (PERSONAL, BLOCK, BOTH, 82),
        (FULL_TIME, BLOCK, TEN, 70),
        (LONG, BLOCK, PLAIN, 200),
    ],
)
def test_full_time(clock, window, allowance, length):
    assert full_time(window, clock, allowance) == timedelta(minutes=length)


@pytest.mark.parametrize(
    ("window", "now", "allowed"),
    [
        (BLOCK, at(-1), False),
        (BLOCK, at(0, 0, -1), False),
        (BLOCK, at(0), True),
        (BLOCK, at(0, 0, 1), True),
        (BLOCK, at(180, 0, -1), True),
        (BLOCK, at(180), False),
        (BLOCK, at(180, 0, 1), False),
        (EARLY_END, at(0, 0, -1), False),
        (EARLY_END, at(0), True),
        (EARLY_END, at(30, 0, -1), True),
        (EARLY_END, at(30), False),
        (EARLY_END, at(30, 0, 1), False),
    ],
)
def test_may_start(window, now, allowed):
    assert may_start(now, window) is allowed


@pytest.mark.parametrize(
    ("grace_seconds", "now", "accepted"),
    [
        (30, at(180), True),
        (30, at(180, 0, 1), True),
        (30, at(180, 30, -1), True),
        (30, at(180, 30), True),
        (30, at(180, 30, 1), False),
        (0, at(180, 0, -1), True),
        (0, at(180), True),
        (0, at(180, 0, 1), False),
    ],
)
def test_accepts_up_to_and_including_the_deadline_plus_grace(grace_seconds, now, accepted):
    assert accepts(now, CLOSES, timedelta(seconds=grace_seconds)) is accepted


@pytest.mark.parametrize(
    ("clock", "window", "allowance", "now", "phase"),
    [
        # common window
        (COMMON, BLOCK, PLAIN, at(-10_000), Phase.NOT_OPEN),
        (COMMON, BLOCK, PLAIN, at(0, 0, -1), Phase.NOT_OPEN),
        (COMMON, BLOCK, PLAIN, at(0), Phase.OPEN),
        (COMMON, BLOCK, PLAIN, at(0, 0, 1), Phase.OPEN),
        (COMMON, BLOCK, PLAIN, at(1, 0, -1), Phase.OPEN),
        (COMMON, BLOCK, PLAIN, at(1), Phase.LATE_ENTRY),
        (COMMON, BLOCK, PLAIN, at(180, 0, -1), Phase.LATE_ENTRY),
        (COMMON, BLOCK, PLAIN, at(180), Phase.CLOSED),
        (COMMON, BLOCK, PLAIN, at(180, 0, 1), Phase.CLOSED),
        (COMMON, EARLY_END, PLAIN, at(30, 0, -1), Phase.LATE_ENTRY),
        (COMMON, EARLY_END, PLAIN, at(30), Phase.CLOSED),
        # an allowance moves the end of a paper, not of entry
        (COMMON, BLOCK, HALF_MORE, at(0, 0, -1), Phase.NOT_OPEN),
        (COMMON, BLOCK, HALF_MORE, at(1, 0, -1), Phase.OPEN),
        (COMMON, BLOCK, HALF_MORE, at(1), Phase.LATE_ENTRY),
        (COMMON, BLOCK, HALF_MORE, at(180, 0, -1), Phase.LATE_ENTRY),
        (COMMON, BLOCK, HALF_MORE, at(180), Phase.CLOSED),
        # personal, ends with the block
        (PERSONAL, BLOCK, PLAIN, at(0, 0, -1), Phase.NOT_OPEN),
        (PERSONAL, BLOCK, PLAIN, at(0), Phase.OPEN),
        (PERSONAL, BLOCK, PLAIN, at(120), Phase.OPEN),
        (PERSONAL, BLOCK, PLAIN, at(121, 0, -1), Phase.OPEN),
        (PERSONAL, BLOCK, PLAIN, at(121), Phase.LATE_ENTRY),
        (PERSONAL, BLOCK, PLAIN, at(180, 0, -1), Phase.LATE_ENTRY),
        (PERSONAL, BLOCK, PLAIN, at(180), Phase.CLOSED),
        (PERSONAL, EARLY_END, PLAIN, at(30, 0, -1), Phase.OPEN),
        (PERSONAL, EARLY_END, PLAIN, at(30), Phase.CLOSED),
        (PERSONAL, BLOCK, HALF_MORE, at(121, 0, -1), Phase.OPEN),
        (PERSONAL, BLOCK, HALF_MORE, at(121), Phase.LATE_ENTRY),
        (PERSONAL, BLOCK, HALF_MORE, at(180), Phase.CLOSED),
        # personal with the full time is never late
        (FULL_TIME, BLOCK, PLAIN, at(0, 0, -1), Phase.NOT_OPEN),
        (FULL_TIME, BLOCK, PLAIN, at(0), Phase.OPEN),
        (FULL_TIME, BLOCK, PLAIN, at(180, 0, -1), Phase.OPEN),
        (FULL_TIME, BLOCK, PLAIN, at(180), Phase.CLOSED),
        (FULL_TIME, EARLY_END, BOTH, at(30, 0, -1), Phase.OPEN),
        (FULL_TIME, EARLY_END, BOTH, at(30), Phase.CLOSED),
        # a duration that the block never had room for
        (LONG, BLOCK, PLAIN, at(0), Phase.LATE_ENTRY),
        (LONG, BLOCK, PLAIN, at(180), Phase.CLOSED),
    ],
)
def test_phase_at_before_a_start(clock, window, allowance, now, phase):
    assert phase_at(now, window, clock, allowance) == phase


@pytest.mark.parametrize("clock", [COMMON, PERSONAL, FULL_TIME])
@pytest.mark.parametrize(
    ("now", "phase"),
    [
        (at(-5), Phase.OPEN),  # a tester's paper, started before the block opens
        (at(0), Phase.OPEN),
        (at(70, 0, -1), Phase.OPEN),
        (at(70), Phase.OPEN),
        (at(70, 0, 1), Phase.CLOSING),
        (at(70, 30, -1), Phase.CLOSING),
        (at(70, 30), Phase.CLOSING),
        (at(70, 30, 1), Phase.CLOSED),
        (at(10_000), Phase.CLOSED),
    ],
)
def test_phase_at_of_a_started_paper_follows_its_own_deadline(clock, now, phase):
    assert phase_at(now, BLOCK, clock, deadline=at(70)) == phase


@pytest.mark.parametrize(("now", "phase"), [(at(230), Phase.OPEN), (at(232, 0, 1), Phase.CLOSING)])
def test_phase_at_of_a_started_paper_may_lie_after_the_block(now, phase):
    deadline = deadline_for(at(0), BLOCK, COMMON, BOTH)
    assert phase_at(now, BLOCK, COMMON, BOTH, deadline=deadline) == phase


def test_phase_at_without_grace_has_no_closing():
    assert phase_at(at(70, 0, 1), BLOCK, LONG, deadline=at(70)) == Phase.CLOSED


@pytest.mark.parametrize(
    ("kind", "duration"), [(ClockKind.PERSONAL, None), (ClockKind.COMMON, timedelta(minutes=60))]
)
def test_clock_refuses_a_duration_that_does_not_fit(kind, duration):
    with pytest.raises(ValueError, match="personal clock has a duration"):
        Clock(kind, duration)


seconds = st.integers(0, 6 * 3600).map(lambda count: timedelta(seconds=count))
allowances = st.builds(Allowance, st.decimals(1, 10, places=2), st.integers(0, 1440))
clocks = st.one_of(
    st.builds(
        Clock, st.just(ClockKind.COMMON), grace=st.integers(0, 600).map(lambda s: timedelta(seconds=s))
    ),
    st.builds(
        Clock,
        st.just(ClockKind.PERSONAL),
        st.integers(1, 600).map(lambda minutes: timedelta(minutes=minutes)),
        st.sampled_from(LateStart),
        st.integers(0, 600).map(lambda s: timedelta(seconds=s)),
    ),
)


@st.composite
def windows(draw):
    length = draw(st.integers(2, 12 * 3600))
    entry = draw(st.none() | st.integers(1, length))
    return Window(
        OPENS,
        None if entry is None else OPENS + timedelta(seconds=entry),
        OPENS + timedelta(seconds=length),
    )


@given(windows(), clocks, allowances, seconds)
def test_whoever_may_start_has_time_and_nobody_has_more_than_the_full_time(window, clock, allowance, after):
    now = OPENS + after
    if may_start(now, window):
        left = deadline_for(now, window, clock, allowance) - now
        assert timedelta(0) < left <= full_time(window, clock, allowance)
        assert phase_at(now, window, clock, allowance) in {Phase.OPEN, Phase.LATE_ENTRY}


@given(windows(), clocks, allowances, seconds)
def test_latest_close_is_not_before_any_deadline_of_the_block(window, clock, allowance, after):
    now = OPENS + after
    if may_start(now, window):
        assert deadline_for(now, window, clock, allowance) <= latest_close(window, clock, allowance)


@given(windows(), clocks, allowances, st.integers(0, 1440), st.decimals(0, 5, places=2))
def test_a_larger_allowance_never_takes_time_away(window, clock, allowance, minutes, factor):
    larger = Allowance(allowance.factor + factor, allowance.minutes + minutes)
    assert deadline_for(OPENS, window, clock, larger) >= deadline_for(OPENS, window, clock, allowance)


@given(windows(), clocks, allowances, seconds, seconds)
def test_phases_never_go_back(window, clock, allowance, earlier, later):
    order = [Phase.NOT_OPEN, Phase.OPEN, Phase.LATE_ENTRY, Phase.CLOSING, Phase.CLOSED]
    first, second = sorted([OPENS - timedelta(hours=1) + earlier, OPENS - timedelta(hours=1) + later])
    for deadline in (None, deadline_for(OPENS, window, clock, allowance)):
        before = phase_at(first, window, clock, allowance, deadline=deadline)
        after = phase_at(second, window, clock, allowance, deadline=deadline)
        assert order.index(before) <= order.index(after)


@given(windows(), clocks, allowances, st.integers(-2, 2))
def test_a_started_paper_is_closed_exactly_when_nothing_is_accepted(window, clock, allowance, ticks):
    deadline = deadline_for(OPENS, window, clock, allowance)
    now = deadline + clock.grace + ticks * TICK
    closed = phase_at(now, window, clock, allowance, deadline=deadline) == Phase.CLOSED
    assert closed is not accepts(now, deadline, clock.grace)
