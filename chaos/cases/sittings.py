"""A whole sitting without faults: opening, steady writing, closing. (1, 28, 29, 30)"""

from collections.abc import Iterator

from benchmarks.stack import memory_mb
from chaos.cases.lines import tell_opening
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.sitting import Sitting, Window
from chaos.stack import Stack

CLOSING_SECONDS = 10.0
GRACE_SECONDS = 30.0


def sit_through(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    durable, opening = (
        Outcome("1", "The journal equals the database"),
        Outcome("28 (60 s)", "All enter in a minute"),
    )
    steady, closing = Outcome("29", "Steady writing"), Outcome("30", "All hand in within ten seconds")
    with Sitting(
        stack,
        name="whole",
        contestants=scale.contestants,
        seconds=scale.seconds(180 if not scale.is_full else 1800),
        seed=scale.seed,
        burst=max(10.0, 60 * min(1.0, scale.pace)),
        closing=CLOSING_SECONDS,
    ) as sitting:
        sitting.wait_until_writing(settled=min(20.0, sitting.course.writing / 4))
        before = memory_mb(stack.web.pid)
        with sitting.window() as writing:
            sitting.wait(max(2.0, sitting.seconds_left - 1))
            after = memory_mb(stack.web.pid)
        told = sitting.finish()
    minutes = sitting.course.writing / 60
    durable.done = (
        f"{scale.contestants:,} write for {minutes:.1f} minutes, with reloads, cuts, second devices"
    )
    told.tell_soundness(durable, asked="60,000 asked")
    yield durable

    opening.done = f"{scale.contestants:,} keys in {sitting.course.burst:.0f} s"
    tell_opening(opening, told, Window(0, told.writing.begins + 4), limit=3)
    yield opening

    saves = told.saves(writing)
    beats = told.calls(writing, actions=["heartbeat"])
    span = writing.ends - writing.begins
    steady.done = f"{span:.0f} s of writing (30 minutes asked)"
    steady.tell("saves", f"{len(saves) / span:.0f}/s", "100/s asked")
    steady.tell("heartbeats", f"{len(beats) / span:.1f}/s", "50/s asked")
    steady.most("p95 of saving", told.percentile(0.95, writing) * 1000, 300, " ms")
    steady.most("p99 of saving", told.percentile(0.99, writing) * 1000, 1000, " ms")
    steady.most("errors", sum(bool(one.error) for one in told.calls(writing)), 0)
    steady.most("growth of memory", 100 * (after - before) / before, 10, " %")
    steady.tell("memory of all web processes", f"{after:.0f} MB")
    yield steady

    closing.done = f"{scale.contestants:,} hand in within {CLOSING_SECONDS:.0f} s"
    submits = [one for one in told.calls(actions=["submit"]) if not one.error]
    receipts = stack.database.one(
        "select count(distinct s.id) from submissions_receipt c join submissions_submission s on s.id ="
        " c.submission_id join access_registration r on r.id = s.registration_id join exams_exam x on x.id ="
        " r.exam_id where x.slug = %s",
        sitting.exam.slug,
    )
    last = (
        max((one.started_at + one.seconds for one in submits), default=told.writing.ends) - told.writing.ends
    )
    closing.most("last one acknowledged after", last, CLOSING_SECONDS + GRACE_SECONDS, " s")
    closing.most("p99", told.percentile(0.99, actions=["submit"]), GRACE_SECONDS, " s")
    closing.least("receipts", receipts, scale.contestants)
    closing.most("lost", len(told.findings.lost), 0)
    yield closing
