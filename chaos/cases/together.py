"""Several troubles in one short sitting: a look at the harness itself, and what the test suite runs."""

from collections.abc import Iterator

from chaos.cases.lines import DROPPED
from chaos.outcome import Outcome
from chaos.proxy import Proxy
from chaos.scale import Scale
from chaos.sitting import Sitting
from chaos.stack import Stack

STEP_SECONDS = 3.0


def trouble_at_once(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("2, 12, 14", "Several troubles at once")
    chance = scale.chance("together")
    with Proxy(0, stack.web.port, seed=scale.seed) as line:
        with Sitting(
            stack,
            name="together",
            contestants=scale.contestants,
            seconds=4 * STEP_SECONDS,
            seed=scale.seed,
            url=f"http://127.0.0.1:{line.port}",
        ) as sitting:
            sitting.wait_until_writing(settled=0)
            line.faults.drop_share = DROPPED
            sitting.wait(STEP_SECONDS)
            stack.cache.freeze()
            sitting.wait(STEP_SECONDS)
            stack.web.kill_worker(chance)
            sitting.wait(STEP_SECONDS)
            line.heal()
            told = sitting.finish()
        counts = line.counts
    stack.cache.thaw()
    outcome.done = f"{DROPPED:.0%} of the responses dropped, Redis frozen, a worker killed"
    told.tell_soundness(outcome)
    outcome.most("5xx", told.server_errors(), 0)
    outcome.most("signed out", told.signed_out(), 0)
    outcome.least("responses dropped", counts.dropped, 1)
    yield outcome
