"""Processes die: workers and masters of gunicorn, PostgreSQL, its connections. (2, 3, 4, 5)"""

import time
from collections.abc import Iterator

from chaos import edits
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.sitting import Sitting
from chaos.stack import Stack
from examgrader.durability import NEEDED

EVERY_SECONDS = 5.0
# The last fault comes so long before the bell: what it broke is mended before all hand in.
QUIET_SECONDS = 6.0
LEAST_KILLS = 3


def kill_workers(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("2", "A worker of gunicorn dies")
    chance, kills, back = scale.chance("workers"), 0, []
    with Sitting(
        stack, name="workers", contestants=scale.writers, seconds=scale.seconds(90), seed=scale.seed
    ) as sitting:
        sitting.wait_until_writing()
        with sitting.window() as window:
            while sitting.seconds_left > QUIET_SECONDS or kills < LEAST_KILLS:
                killed_at = time.time()
                stack.web.kill_worker(chance)
                kills += 1
                back.append(stack.web.wait_until_ready(since=killed_at))
                sitting.wait(max(0.1, killed_at + EVERY_SECONDS - time.time()))
        told = sitting.finish()
    saves = told.saves(window)
    outcome.done = f"kill -9 a random worker every {EVERY_SECONDS:g} s, {kills} times"
    told.tell_soundness(outcome, asked="25,000 asked")
    outcome.tell("kills", kills, "60 asked")
    outcome.most("failed first tries", 100 * failed(saves) / max(1, len(saves)), 1, " %")
    outcome.most(
        "longest wait for an acknowledgement", edits.longest_wait(told.edits, since=window.begins), 10, " s"
    )
    outcome.most("worker back, longest", max(back), 2, " s")
    yield outcome


def kill_masters(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("3", "gunicorn's master dies, is stopped, is told to reload")
    rounds, silences, starts, left = 5 if scale.is_full else 1, [], [], 0
    with Sitting(
        stack, name="masters", contestants=scale.writers, seconds=36 * rounds + 12, seed=scale.seed
    ) as sitting:
        sitting.wait_until_writing()
        for way in ("kill", "stop", "reload") * rounds:
            with sitting.window() as window:
                if way == "kill":
                    left += stack.web.kill_master()
                    starts.append(stack.web.start_again())
                elif way == "stop":
                    stack.web.stop()
                    starts.append(stack.web.start_again())
                else:
                    stack.web.reload()
                    stack.web.wait_until_ready(since=window.begins, workers=2)
                sitting.wait(4)
            silences.append((way, window))
        told = sitting.finish()
    outcome.done = f"kill -9 and start; SIGTERM and start; SIGHUP; {rounds} of each, as a supervisor does"
    told.tell_soundness(outcome)
    outcome.tell("rounds", rounds, "5 asked")
    outcome.tell("workers that did not end by themselves when orphaned", left)
    outcome.tell("gunicorn starts in", f"{max(starts):.1f} s")
    for way, words in (("kill", "killed"), ("stop", "stopped"), ("reload", "reloaded")):
        longest = max(
            edits.longest_silence(told.edits, one.begins, one.ends) for name, one in silences if name == way
        )
        outcome.most(f"longest silence when {words}", longest, 10, " s")
    yield outcome


def stop_postgres(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("4", "PostgreSQL stops at once, as in a crash")
    rounds, ready_at = 5 if scale.is_full else 3, []
    with Sitting(
        stack, name="postgres", contestants=scale.writers, seconds=12.0 * rounds + 12, seed=scale.seed
    ) as sitting:
        sitting.wait_until_writing()
        before = set(stack.web.workers())
        for _ in range(rounds):
            stack.database.stop_at_once()
            sitting.wait(1)
            stack.database.start()
            ready_at.append(time.time())
            sitting.wait(8)
        same = set(stack.web.workers()) == before
        told = sitting.finish()
    after = [edits.first_after(told.edits, moment) for moment in ready_at]
    outcome.done = f"pg_ctl -m immediate and start, {rounds} times"
    told.tell_soundness(outcome)
    outcome.tell("stops", rounds, "5 asked")
    outcome.must("saved again after each", holds=None not in after)
    outcome.most("first save after it accepts, longest", max(one or 0.0 for one in after), 15, " s")
    outcome.must("without a restart of the application", holds=same)
    durable = stack.database.ask("select name, setting from pg_settings where name = any(%s)", list(NEEDED))
    outcome.must(
        "fsync, full_page_writes, synchronous_commit on", holds=all(one == "on" for _, one in durable)
    )
    yield outcome


def cut_connections(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("5", "Every database connection of the application is cut")
    cuts = connections = 0
    with Sitting(
        stack, name="cuts", contestants=scale.writers, seconds=scale.seconds(50), seed=scale.seed
    ) as sitting:
        sitting.wait_until_writing()
        with sitting.window() as window:
            while sitting.seconds_left > QUIET_SECONDS or not cuts:
                connections += stack.database.cut_connections()
                cuts += 1
                sitting.wait(EVERY_SECONDS)
        told = sitting.finish()
    outcome.done = (
        f"pg_terminate_backend on all, every {EVERY_SECONDS:g} s, {cuts} times (no pgbouncer is used)"
    )
    told.tell_soundness(outcome)
    outcome.tell("cuts", cuts, "18 asked")
    outcome.most(f"failed requests, of {connections} connections", failed(told.calls(window)), connections)
    yield outcome


def failed(samples: list) -> int:
    return sum(bool(one.error) for one in samples)
