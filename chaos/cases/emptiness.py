"""Redis stops, freezes, crawls, forgets, refuses; nobody who writes may notice. (11, 12, 13)"""

from collections.abc import Callable, Iterator
from functools import partial

from chaos import lone
from chaos.outcome import Outcome
from chaos.proxy import Proxy
from chaos.scale import Scale
from chaos.sitting import Sitting, Told, Window
from chaos.stack import Stack

FIRST_SECONDS = 5.0


def trouble_redis(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    """One sitting, one trouble after the other, with good seconds between them."""
    span = max(6.0, 14.0 * scale.pace)
    troubles = list_troubles(stack)
    seconds = (span + 6) * len(troubles) + span + 8
    windows: dict[str, Window] = {}
    entered: dict[str, float] = {}
    with Proxy(stack.folder / "proxied" / "valkey.sock", stack.cache.socket) as line:
        stack.web.stop()
        stack.web.start(REDIS_URL=stack.cache.url(stack.folder / "proxied" / "valkey.sock"))
        with Sitting(
            stack, name="redis", contestants=scale.writers, seconds=seconds, seed=scale.seed
        ) as sitting:
            sitting.wait_until_writing()
            with sitting.window() as windows["base"]:
                sitting.wait(span)
            for name, (begin, end) in troubles.items():
                with sitting.window() as windows[name]:
                    begin(line)
                    sitting.wait(1)
                    entered[name] = lone.seconds_to_enter(stack.web.url, sitting.spare_key)
                    sitting.wait(span)
                end(line)
                sitting.wait(5)
            told = sitting.finish()
    judge = partial(judged, told, windows, entered)
    yield judge(test="11", title="Redis is stopped", names=["stopped"])
    yield judge(test="12", title="Redis is frozen, paused, slow", names=["frozen", "paused", "slow"])
    yield judge(test="13", title="Redis is emptied, full, read-only", names=["emptied", "full", "read-only"])


Act = Callable[[Proxy], None]


def list_troubles(stack: Stack) -> dict[str, tuple[Act, Act]]:
    cache = stack.cache

    def slow_down(line: Proxy) -> None:
        line.faults.latency = 0.3

    def fill_up(_: Proxy) -> None:
        cache.tell("CONFIG SET maxmemory-policy noeviction")
        cache.tell("CONFIG SET maxmemory 1")

    def make_room(_: Proxy) -> None:
        cache.tell("CONFIG SET maxmemory 64mb")

    return {
        "stopped": (lambda _: cache.stop(), lambda _: cache.start()),
        "frozen": (lambda _: cache.freeze(), lambda _: cache.thaw()),
        "paused": (lambda _: cache.tell("CLIENT PAUSE 600000"), lambda _: cache.tell("CLIENT UNPAUSE")),
        "slow": (slow_down, lambda line: line.heal()),
        "emptied": (lambda _: cache.tell("FLUSHALL"), lambda _: None),
        "full": (fill_up, make_room),
        "read-only": (
            lambda _: cache.tell("REPLICAOF 127.0.0.1 1"),
            lambda _: cache.tell("REPLICAOF NO ONE"),
        ),
    }


WORDS = {
    "stopped": "stopped",
    "frozen": "SIGSTOP",
    "paused": "CLIENT PAUSE",
    "slow": "300 ms for each command (proxy)",
    "emptied": "FLUSHALL",
    "full": "noeviction without memory",
    "read-only": "replica of nobody",
}


def judged(
    told: Told,
    windows: dict[str, Window],
    entered: dict[str, float],
    *,
    test: str,
    title: str,
    names: list[str],
) -> Outcome:
    span = windows[names[0]].ends - windows[names[0]].begins
    outcome = Outcome(
        test, title, f"{', '.join(WORDS[name] for name in names)}; {span:.0f} s each (120 s asked)"
    )
    told.tell_soundness(outcome)
    outcome.most("signed out", told.signed_out(), 0)
    base = told.percentile(0.99, windows["base"])
    outcome.tell("p99 of saving before", f"{base * 1000:.0f} ms")
    for name in names:
        window = windows[name]
        outcome.most(f"5xx while {name}", told.server_errors(window), 0)
        outcome.most(f"entering while {name}", entered[name], 5, " s")
        if test != "12":
            p99 = told.percentile(0.99, window) * 1000
            outcome.most(f"p99 while {name}", p99, base * 1000 + 300, " ms")
            continue
        opened = window.begins + FIRST_SECONDS
        first, then = Window(window.begins, opened), Window(opened, window.ends)
        outcome.most(f"p99 while {name}, first 5 s", told.percentile(0.99, first) * 1000, 1000, " ms")
        outcome.most(f"p99 while {name}, then", told.percentile(0.99, then) * 1000, base * 1000 + 100, " ms")
    return outcome
