"""A paper that somebody holds on to, and operations that might wait for each other for ever. (9)"""

import asyncio
import time
from collections.abc import Iterator

from chaos import lone
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.sitting import Sitting
from chaos.stack import Stack

BUSY = 503
# Two cores that also carry the crowd are not steadier than this.
NOISE_MS = 50
LOCK = "select 1 from submissions_submission where public_id::text = %s for update"


def hold_a_paper(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("9", "One paper's row is locked")
    span = scale.seconds(25 if not scale.is_full else 60)
    with Sitting(
        stack, name="lock", contestants=scale.writers, seconds=2 * span + 12, seed=scale.seed
    ) as sitting:
        sitting.wait_until_writing()
        with sitting.window() as base:
            sitting.wait(span)
        with sitting.window() as window:
            answers = lone.at_paper(
                stack.web.url, sitting.spare_key, lambda one: save_locked(stack, one, span)
            )
            sitting.wait(0.1)
        told = sitting.finish()
    # Only now: the crowd's journals know nothing of it.
    healed = lone.at_paper(stack.web.url, sitting.spare_key, save_once)
    outcome.done = f"SELECT … FOR UPDATE held for {span:.0f} s (60 s asked) while its contestant saves"
    told.tell_soundness(outcome)
    outcome.tell("saves of the locked paper", len(answers))
    outcome.must("each answered 503 with Retry-After", holds=all(busy for busy, _ in answers))
    outcome.most("longest of them", max(seconds for _, seconds in answers), 3, " s")
    outcome.must("saved once it was free", holds=healed)
    before, during = (told.percentile(0.99, one) * 1000 for one in (base, window))
    outcome.tell("p99 of the others before", f"{before:.0f} ms")
    outcome.most("p99 of the others meanwhile", during, max(1.2 * before, before + NOISE_MS), " ms")
    yield outcome


async def save_locked(stack: Stack, one: lone.Lone, span: float) -> list[tuple[bool, float]]:
    answers = []
    with stack.database.connect() as holder, holder.transaction():
        holder.execute(LOCK, [one.paper.submission])
        until = time.monotonic() + span
        while time.monotonic() < until:
            began = time.monotonic()
            reply = await one.save(lone.edit(one.paper.fields[0].number, "1", one.paper.fields[0].revision))
            answers.append((reply.status == BUSY and reply.wait > 0, time.monotonic() - began))
            await asyncio.sleep(1)
    return answers


async def save_once(one: lone.Lone) -> bool:
    reply = await one.save(lone.edit(one.paper.fields[0].number, "2", one.paper.fields[0].revision))
    return bool(reply.json["edits"][0]["state"] == "current")
