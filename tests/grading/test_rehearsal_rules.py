"""Percentiles, quiet seconds, verdicts and capacities, by table."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from apps.grading.management.rehearsal.machine import read_ticks
from apps.grading.management.rehearsal.report.plots import linear, logarithmic, nice
from apps.grading.management.rehearsal.schedule import (
    ENTERING,
    STEPS,
    Course,
    seats_of_rehearsal,
    seats_of_search,
    sitting_in_step,
)
from apps.grading.rules.rehearsal.checking import Finding, Findings
from apps.grading.rules.rehearsal.statistics import (
    Figures,
    MachineSecond,
    Sample,
    figures_of,
    percentile,
    stolen_seconds,
    timeline,
)
from apps.grading.rules.rehearsal.verdict import (
    Limits,
    Step,
    capacity_by_cpu,
    capacity_by_steps,
    generator_of,
    judge,
)

# -- Percentiles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.99, 0.0),
        ([7.0], 0.5, 7.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([1.0, 2.0, 3.0], 0.5, 2.0),
        ([float(one) for one in range(1, 101)], 0.5, 50.0),
        ([float(one) for one in range(1, 101)], 0.95, 95.0),
        ([float(one) for one in range(1, 101)], 0.99, 99.0),
        ([float(one) for one in range(1, 102)], 0.99, 100.0),
        ([1.0, 2.0], 1.0, 2.0),
        ([1.0, 2.0], 0.0, 1.0),
    ],
)
def test_percentile_is_the_nearest_rank(values, share, expected):
    assert percentile(values, share) == expected


@given(some.lists(some.floats(0, 1e6), min_size=1), some.floats(0.01, 1.0))
def test_percentile_leaves_the_named_share_at_or_below_it(values, share):
    ordered = sorted(values)
    found = percentile(ordered, share)
    assert found in ordered
    assert sum(value <= found for value in ordered) >= share * len(ordered) - 1e-9


def test_figures_of_tells_actions_and_stolen_seconds_apart():
    calls = [
        *(Sample("save", 100.0 + step, 0.1) for step in range(10)),
        Sample("save", 104.5, 9.0, "status 503"),  # lasts into the stolen second 110
        Sample("paper", 100.0, 1.0),
    ]
    save, paper = figures_of(calls, stolen={110})
    assert (save.action, save.count, save.errors, save.p50, save.p99, save.worst) == (
        "save",
        11,
        1,
        0.1,
        9.0,
        9.0,
    )
    assert (save.quiet_count, save.quiet_p99) == (10, 0.1)
    assert (paper.count, paper.p50) == (1, 1.0)


@pytest.mark.parametrize(
    ("stolen", "seconds"), [(0.0, set()), (0.009, set()), (0.01, {99, 100}), (0.5, {99, 100})]
)
def test_stolen_seconds_are_those_a_reading_tells_of(stolen, seconds):
    assert stolen_seconds([MachineSecond(100.4, 0.3, stolen)]) == seconds


def test_timeline_steps_and_tells_saves_from_pages():
    calls = [
        Sample("save", 100.0, 0.2),
        Sample("paper", 101.0, 0.4, "status 500"),
        Sample("save", 107.0, 0.3),
    ]
    first, second = timeline(calls, 100.0, saves={"save"})
    assert (first.second, first.calls, first.errors, first.save_p99, first.page_p99) == (0, 0.4, 1, 0.2, 0.4)
    assert (second.second, second.save_p99, second.page_p99) == (5, 0.3, None)


def test_read_ticks_tells_work_from_waiting_and_stolen_time():
    text = "cpu  100 10 30 800 50 5 5 40 7 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5"
    assert read_ticks(text) == (1040, 150, 40)


def test_read_ticks_knows_old_systems_without_stolen_time():
    assert read_ticks("cpu  100 10 30 800 50 5 5") == (1000, 150, 0)


# -- The verdict ------------------------------------------------------------------------------------------

SOUND = Findings(edits=5, acked=5, stored=5)
FINDING = Finding("paper", 1, "op", "why")
CALM = generator_of([0.2] * 20, [0.01] * 20)


def figures(action="save", *, p99=0.1, errors=0, quiet_count=100, quiet_p99=None):
    quiet = p99 if quiet_p99 is None else quiet_p99
    return Figures(action, 100, errors, 0.05, 0.08, p99, p99, quiet_count, quiet)


def judged(**changes):
    given = {
        "figures": [figures()],
        "findings": SOUND,
        "gave_up": [],
        "generators": [CALM],
        "stolen_share": 0.0,
        "limits": Limits(),
    }
    return judge(**(given | changes))


def test_judge_says_go_where_nothing_speaks_against_it():
    assert judged() == judged(gave_up=())
    assert (judged().is_go, judged().reasons, judged().doubts) == (True, (), ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"findings": Findings(5, 5, 5, lost=[FINDING])}, "1 acknowledged edits were lost"),
        ({"findings": Findings(5, 5, 5, duplicated=[FINDING] * 2)}, "2 edits were stored twice"),
        ({"findings": Findings(5, 5, 5, phantom=[FINDING])}, "1 stored texts were sent by nobody"),
        ({"findings": Findings(0, 0, 0)}, "no edit was acknowledged"),
        ({"gave_up": ["contestant 3"]}, "1 contestants or parents gave up"),
        ({"figures": [figures(errors=2), figures("paper", errors=1)]}, "3 calls failed"),
        (
            {"figures": [figures(p99=0.501)]},
            "save: the slowest of a hundred took 501 ms, the limit is 500 ms",
        ),
        (
            {"figures": [figures("paper", p99=3.1)]},
            "paper: the slowest of a hundred took 3100 ms, the limit is 3000 ms",
        ),
        # Too few calls in quiet seconds to judge by.
        (
            {"figures": [figures(p99=0.7, quiet_count=19, quiet_p99=0.1)]},
            "save: the slowest of a hundred took 700 ms, the limit is 500 ms",
        ),
    ],
)
def test_judge_names_what_speaks_against_it(changes, reason):
    assert judged(**changes).reasons == (reason,)
    assert not judged(**changes).is_go


@pytest.mark.parametrize(
    "well",
    [
        figures(p99=0.5),
        figures("paper", p99=3.0),
        figures(p99=0.7, quiet_count=20, quiet_p99=0.1),  # slow only while time was stolen
    ],
)
def test_judge_takes_what_keeps_to_the_limits(well):
    assert judged(figures=[well]).is_go


@pytest.mark.parametrize(
    ("cpu", "lag", "words"),
    [
        ([0.95] * 20, [0.0] * 20, "saturated"),
        ([0.95] * 2 + [0.2] * 18, [0.0] * 20, "saturated"),
        ([0.95] + [0.2] * 19, [0.0] * 20, ""),
        ([0.2] * 20, [0.3] * 20, "waited for processors"),
        ([0.2] * 20, [0.3] + [0.0] * 19, ""),
        ([], [], ""),
    ],
)
def test_judge_names_a_crowd_that_measures_itself(cpu, lag, words):
    doubts = judged(generators=[CALM, generator_of(cpu, lag)]).doubts
    assert len(doubts) == bool(words)
    assert words in "".join(doubts)


def test_judge_tells_of_stolen_time():
    (doubt,) = judged(stolen_share=0.25).doubts
    assert doubt.startswith("In 25% of the seconds")


@pytest.mark.parametrize(("busy", "is_told"), [(0.94, False), (0.95, True), (1.0, True)])
def test_judge_tells_of_a_machine_that_never_rests(busy, is_told):
    assert ("The server's machine was busy" in "".join(judged(busy=busy).doubts)) == is_told


# -- Capacity ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contestants", "server", "cores", "count", "is_least"),
    [
        (300, 0.5, 2, 900, False),
        (300, 1.5, 2, 300, False),
        (300, 2.0, 2, 225, False),
        (300, 0.01, 2, 1500, True),
        (300, 0.0, 2, 1500, True),
        (300, None, 2, None, False),
    ],
)
def test_capacity_by_cpu(contestants, server, cores, count, is_least):
    found = capacity_by_cpu(contestants=contestants, server_cores=server, cores=cores)
    assert (found.count, found.is_least) == (count, is_least)


def step(contestants, *, p99=0.1, saves=100, errors=0):
    return Step(contestants, p99, saves, errors)


@pytest.mark.parametrize(
    ("steps", "count", "is_least"),
    [
        ([step(100), step(200)], 200, True),
        ([step(100), step(200, p99=0.5)], 100, False),
        ([step(100), step(200, errors=1)], 100, False),
        ([step(100), step(200, saves=0)], 100, False),
        ([step(100, p99=0.6), step(200)], 0, False),
        ([], 0, True),
    ],
)
def test_capacity_by_steps(steps, count, is_least):
    found = capacity_by_steps(steps, Limits())
    assert (found.count, found.is_least) == (count, is_least)


@pytest.mark.parametrize(
    ("last", "what"),
    [
        (step(200, errors=3), "200 gave 3 errors"),
        (step(200, p99=0.6), "200 gave save p99 600 ms"),
        (step(200, saves=0), "200 gave no save at all"),
    ],
)
def test_the_search_says_what_ended_it(last, what):
    assert what in capacity_by_steps([step(100), last], Limits()).how


# -- The schedule -----------------------------------------------------------------------------------------

KEYS = [str(place) for place in range(100)]


def test_seats_of_rehearsal_keep_to_their_bursts():
    course = Course(burst=10, writing=60, closing=5, herd=5)
    seats = seats_of_rehearsal(KEYS, course, start=1000.0, seed=1)
    assert [seat.key for seat in seats] == KEYS
    assert all(1000 <= seat.enters_at <= 1010 for seat in seats)
    assert all(1070 <= seat.hands_in_at <= 1075 for seat in seats)
    assert seats == seats_of_rehearsal(KEYS, course, start=1000.0, seed=1)
    assert seats != seats_of_rehearsal(KEYS, course, start=1000.0, seed=2)


@pytest.mark.parametrize("contestants", [1, 7, 8, 9, 100])
def test_seats_of_search_grow_by_an_eighth(contestants):
    seats = seats_of_search(KEYS[:contestants], 40.0, start=0.0, seed=1)
    numbers = [sitting_in_step(contestants, number) for number in range(STEPS)]
    assert numbers[-1] == contestants
    assert all(before <= after for before, after in pairwise(numbers))
    for number, expected in enumerate(numbers):
        measured_from = 40.0 * (number + ENTERING)
        assert sum(seat.enters_at <= measured_from for seat in seats) == expected


# -- The axes of the plots --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "round_one"),
    [(0.0, 1.0), (0.7, 1.0), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (6.0, 10.0), (0.03, 0.05)],
)
def test_nice_steps_are_round(step, round_one):
    assert nice(step) == pytest.approx(round_one)


@given(some.floats(0.001, 1e5))
def test_linear_axes_hold_their_largest_value(most):
    axis = linear(most, 0.0, 100.0, str)
    assert axis.ticks[-1] >= most * 0.999
    assert len(axis.ticks) <= 7


@given(some.lists(some.floats(0, 1e6)))
def test_logarithmic_axes_hold_every_value(values):
    axis = logarithmic(values, 0.0, 100.0)
    assert all(-1e-6 <= axis.place(value) <= 100 + 1e-6 for value in values)
