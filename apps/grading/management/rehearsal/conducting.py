"""A rehearsal from its first bell to the check of its journals."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from apps.grading.management.rehearsal.contestant import Contestant, GaveUp
from apps.grading.management.rehearsal.habits import Habits
from apps.grading.management.rehearsal.journal import Journal, read_journals
from apps.grading.management.rehearsal.machine import CORES
from apps.grading.management.rehearsal.measures import Recorder
from apps.grading.management.rehearsal.pages import UnexpectedPage
from apps.grading.management.rehearsal.plan import Herd
from apps.grading.management.rehearsal.processes import Crowd
from apps.grading.management.rehearsal.schedule import (
    ENTERING,
    STEPS,
    Course,
    Crew,
    seats_of_rehearsal,
    seats_of_search,
    sitting_in_step,
)
from apps.grading.management.rehearsal.statements import Counter
from apps.grading.management.rehearsal.stored import read_answers, read_revisions
from apps.grading.rules.rehearsal.checking import Findings, check
from apps.grading.rules.rehearsal.statistics import Sample, percentile
from apps.grading.rules.rehearsal.verdict import Limits, Step
from apps.grading.services.rehearsing import Sandbox, publish_sandbox

LEAD_SECONDS = 2.0
LISTENING_SECONDS = 0.5
PROBE_PATIENCE = 30.0
KEY_UNKNOWN = "enter: status 422"

# Is shown the crowd and the name of the part that is going on.
Show = Callable[[Crowd, str], None]


class WrongDeployment(Exception):
    """The URL leads to no deployment of ours, or to one with another database."""


@dataclass
class Record:
    """What a rehearsal left to be judged. `bells` are moments of the wall clock by name."""

    crowd: Crowd
    findings: Findings
    statements: dict[str, int]
    bells: dict[str, float]
    server_cores: float | None
    steps: list[Step] = field(default_factory=list)


def probe(url: str, key: str) -> None:
    """Enter once with a key of the sandbox, before a whole crowd finds out that it opens nothing."""

    async def enter() -> None:
        journal = Journal(Path("/dev/null"))
        one = Contestant(
            url=url,
            key=key,
            journal=journal,
            recorder=Recorder(),
            seed=0,
            habits=Habits(),
            patience=PROBE_PATIENCE,
        )
        try:
            await one.enter()
        finally:
            await one.close()
            await journal.close()

    try:
        asyncio.run(enter())
    except GaveUp as reason:
        if str(reason) == KEY_UNKNOWN:
            raise WrongDeployment(
                f"{url} does not know the keys that were just issued: it works on another database or with"
                " another ACCESS_KEY_PEPPER than this command."
            ) from reason
        raise WrongDeployment(f"{url} does not answer as Examgrader does ({reason}).") from reason
    except UnexpectedPage as reason:
        raise WrongDeployment(f"{url} is not a page of Examgrader ({reason}).") from reason


def rehearse(
    *, sandbox: Sandbox, crew: Crew, course: Course, folder: Path, is_local: bool, show: Show
) -> Record:
    """The whole of it: opening burst, writing, closing burst, check, publication, herd."""
    counter = Counter(sandbox.keys[-1].key, folder / "edits-counted.jsonl")
    counter.sit()
    start = time.time() + LEAD_SECONDS
    seats = seats_of_rehearsal(crew.keys, course, start=start, seed=crew.seed)
    bells = {"start": start, "writing": start + course.burst}
    bells["closing"] = bells["writing"] + course.writing
    with Crowd(crew.plans(seats)) as crowd:
        while not crowd.has_finished("sitting"):
            crowd.listen(LISTENING_SECONDS)
            show(crowd, part_of(bells, time.time()))
        findings = compare(sandbox.slug, folder)
        show(crowd, "publishing the results")
        publish_sandbox(exam_id=sandbox.exam_id, seed=crew.seed, now=datetime.fromtimestamp(time.time(), UTC))
        counter.see_result()
        crowd.listen(LISTENING_SECONDS)  # what was said meanwhile
        bells["herd"] = time.time() + LEAD_SECONDS / 2
        crowd.send_to_results(Herd(bells["herd"], course.herd))
        while not crowd.has_finished("herd"):
            crowd.listen(LISTENING_SECONDS)
            show(crowd, "contestants and parents read the results")
    server = server_cores(crowd, bells["writing"], bells["closing"]) if is_local else None
    return Record(crowd, findings, counter.actions, bells, server)


def part_of(bells: dict[str, float], now: float) -> str:
    if now < bells["writing"]:
        return "opening burst"
    return "writing" if now < bells["closing"] else "closing burst"


def search(
    *, sandbox: Sandbox, crew: Crew, step_seconds: float, limits: Limits, folder: Path, show: Show
) -> Record:
    """Let an eighth more sit down with each step, until saving takes too long or all sit."""
    start = time.time() + LEAD_SECONDS
    seats = seats_of_search(crew.keys, step_seconds, start=start, seed=crew.seed)
    steps: list[Step] = []
    with Crowd(crew.plans(seats)) as crowd:
        for number in range(STEPS):
            begins = start + step_seconds * number
            while time.time() < begins + step_seconds:
                crowd.listen(LISTENING_SECONDS)
                show(crowd, f"step {number + 1} of {STEPS}")
            window = begins + step_seconds * ENTERING, begins + step_seconds
            steps.append(step_of(crowd.samples, window, sitting_in_step(len(crew.keys), number)))
            if not steps[-1].holds(limits):
                break
    return Record(crowd, compare(sandbox.slug, folder), {}, {"start": start}, None, steps)


def step_of(samples: list[Sample], window: tuple[float, float], contestants: int) -> Step:
    begins, ends = window
    inside = [one for one in samples if begins <= one.started_at < ends]
    saves = sorted(one.seconds for one in inside if one.action == "save")
    errors = sum(bool(one.error) for one in inside)
    return Step(contestants, percentile(saves, 0.99), len(saves), errors)


def compare(slug: str, folder: Path) -> Findings:
    """The journals against the database, once nobody writes any more."""
    edits = read_journals(sorted(folder.glob("edits-*.jsonl")))
    with connection.cursor() as cursor:
        return check(edits, read_revisions(cursor, slug), read_answers(cursor, slug))


def server_cores(crowd: Crowd, begins: float, ends: float) -> float | None:
    """How many cores all but the crowd kept busy while everybody wrote; None where nobody can tell."""
    seconds = [one.busy * CORES for one in crowd.machine if begins <= one.at < ends]
    if not seconds:
        return None
    crowd_cores = sum(
        sum(pulses) / len(pulses)
        for pulses in ([one.cpu for one in some if begins <= one.at < ends] for some in crowd.pulses)
        if pulses
    )
    return max(0.0, sum(seconds) / len(seconds) - crowd_cores)
