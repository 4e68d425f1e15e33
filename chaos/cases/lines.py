"""The line between contestants and us: lost answers, a cut for all, a herd that comes back. (14, 16, 28)"""

import time
from collections import Counter
from collections.abc import Iterator
from math import ceil, sqrt

from chaos import edits, lone
from chaos.cases.deaths import QUIET_SECONDS
from chaos.outcome import Outcome
from chaos.proxy import Proxy
from chaos.scale import Scale
from chaos.sitting import Sitting, Told, Window
from chaos.stack import Stack

DROPPED = 0.2
BUCKET = 0.1
# All come within ten seconds, and each of their pages may take as long.
LONGEST_OPENING = 10.0
SETTLED_SECONDS = 2 * LONGEST_OPENING
# Full jitter spreads those who come back over the longest back-off.
HERD_SECONDS = 30.0
OPENING = ("entry", "enter", "cover", "start", "paper")


def lose_answers(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("14", "Answers are lost after the commit")
    with Proxy(0, stack.web.port, seed=scale.seed) as line:
        with Sitting(
            stack,
            name="lost-answers",
            contestants=scale.writers,
            seconds=scale.seconds(70),
            seed=scale.seed,
            url=f"http://127.0.0.1:{line.port}",
        ) as sitting:
            sitting.wait_until_writing(settled=1)
            line.faults.drop_share = DROPPED
            sitting.wait(max(3.0, sitting.seconds_left - QUIET_SECONDS))
            line.heal()
            told = sitting.finish()
        counts = line.counts
    outcome.done = f"a proxy cuts the connection instead of passing {DROPPED:.0%} of the responses"
    told.tell_soundness(outcome, asked="10,000 asked")
    outcome.least("responses dropped", counts.dropped, 1)
    again = sum(one.tries > 1 for one in told.edits)
    outcome.tell("edits sent more than once", again)
    outcome.must("a replay gets the same answer", holds=replays_alike(stack, sitting.spare_key))
    yield outcome


def replays_alike(stack: Stack, key: str) -> bool:
    async def twice(one: lone.Lone) -> bool:
        number = one.paper.fields[0].number
        sent = lone.edit(number, "7", one.paper.fields[0].revision)
        first, again = await one.save(sent), await one.save(sent)
        told = [{**reply.json["edits"][0], "replayed": None} for reply in (first, again)]
        return told[0] == told[1] and again.json["edits"][0]["replayed"]

    return lone.at_paper(stack.web.url, key, twice)


def cut_all(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    opening = Outcome("28 (10 s)", "All enter within ten seconds")
    outcome = Outcome("16", "Everybody is cut off, and comes back at once")
    away = scale.seconds(40 if not scale.is_full else 60)
    with (
        Proxy(0, stack.web.port, seed=scale.seed) as line,
        Sitting(
            stack,
            name="cut",
            contestants=scale.contestants,
            seconds=SETTLED_SECONDS + 10 + away + HERD_SECONDS + 6,
            seed=scale.seed,
            burst=10,
            url=f"http://127.0.0.1:{line.port}",
        ) as sitting,
    ):
        sitting.wait_until_writing(settled=SETTLED_SECONDS)
        with sitting.window() as base:
            sitting.wait(8)
        line.faults.is_down = True
        line.cut()
        sitting.wait(away)
        line.heal()
        herd = Window(time.time(), time.time() + HERD_SECONDS)
        sitting.wait(HERD_SECONDS)
        told = sitting.finish()
    tell_opening(opening, told, Window(0, told.writing.begins + SETTLED_SECONDS), limit=LONGEST_OPENING)
    opening.done = f"{scale.contestants:,} keys in 10 s, through a proxy of ours"
    yield opening
    outcome.done = f"every connection cut and refused for {away:.0f} s, then healed for all at one moment"
    told.tell_soundness(outcome)
    largest, mean = busiest_bucket(told, herd)
    limit = max(3 * mean, mean + 5 * sqrt(mean))  # the second where so few came that chance decides
    outcome.tell("calls in 100 ms, mean", f"{mean:.1f}")
    outcome.most("the most in 100 ms", largest, ceil(limit))
    limit = max(2 * told.percentile(0.99, base), told.percentile(0.99, base) + 0.05)
    outcome.most("p99 as before after", seconds_to_settle(told, herd, limit), 60, " s")
    outcome.tell("last edit from before the heal acknowledged after", f"{last_old(told, herd.begins):.1f} s")
    yield outcome


def tell_opening(outcome: Outcome, told: Told, window: Window, *, limit: float) -> None:
    outcome.tell("contestants", told.contestants, "1,500 asked")
    outcome.most("gave up", len(told.gave_up), 0)
    outcome.most("5xx", told.server_errors(window), 0)
    outcome.least(
        "first papers",
        len([one for one in told.calls(window, actions=["paper"]) if not one.error]),
        told.contestants,
    )
    for action in ("entry", "paper"):
        outcome.most(f"p99 of {action}", told.percentile(0.99, window, actions=[action]), limit, " s")


def busiest_bucket(told: Told, window: Window) -> tuple[int, float]:
    """Calls of the saving script, as they set out."""
    calls = told.calls(window, actions=("save", "heartbeat"))
    buckets = Counter(int((one.started_at - window.begins) / BUCKET) for one in calls)
    return max(buckets.values(), default=0), len(calls) * BUCKET / (window.ends - window.begins)


def seconds_to_settle(told: Told, window: Window, limit: float, step: float = 5.0) -> float:
    """When saving was as quick as before, looked at every few seconds."""
    begins = window.begins
    while begins < told.writing.ends:
        if told.percentile(0.99, Window(begins, begins + step)) <= limit:
            break
        begins += step
    return begins - window.begins


def last_old(told: Told, healed_at: float) -> float:
    return max(
        (one.acked_at - healed_at for one in told.edits if one.acked_at and one.sent_at < healed_at),
        default=0.0,
    )


__all__ = ["cut_all", "edits", "lose_answers", "tell_opening"]
