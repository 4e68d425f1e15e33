"""PostgreSQL says nothing more, or has no room any more. (6, 7)"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from chaos import edits
from chaos.cases.lines import last_old
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.sitting import Sitting
from chaos.stack import Stack

ANSWERED = "status "
MEGABYTE = 1 << 20
ROOM_MB = 120
SEGMENTS = 64
SMALL_LOG = {"max_wal_size": "48MB", "min_wal_size": "32MB"}


def freeze_postgres(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("6", "PostgreSQL is frozen")
    span = scale.seconds(60)
    with Sitting(
        stack, name="frozen", contestants=scale.writers, seconds=span + 45, seed=scale.seed
    ) as sitting:
        sitting.wait_until_writing()
        stack.database.freeze()
        with sitting.window() as window:
            sitting.wait(span)
        stack.database.thaw()
        thawed_at = time.time()
        sitting.wait(max(1.0, sitting.seconds_left - 1))
        told = sitting.finish()
    calls = told.calls(window)
    unanswered = [one for one in calls if one.error and not one.error.startswith(ANSWERED)]
    outcome.done = f"SIGSTOP to all of PostgreSQL for {span:.0f} s, then SIGCONT"
    told.tell_soundness(outcome)
    outcome.least("calls meanwhile", len(calls), 1)
    outcome.most("never answered", len(unanswered), 0)
    outcome.most("longest answer", max((one.seconds for one in calls), default=0.0), 6, " s")
    outcome.most("first save after the thaw", edits.first_after(told.edits, thawed_at) or 999.0, 5, " s")
    outcome.most("queue drained after", last_old(told, thawed_at), 60, " s")
    yield outcome


def fill_the_disk(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("7", "PostgreSQL's disk is full")
    outcome.done = (
        "the data on a small tmpfs, filled up, the log's segments used up (says nothing about fsync)"
    )
    stack.web.stop()
    stack.database.stop()
    with small_disk(stack.database.master.data) as reason:
        if reason:
            outcome.skipped = reason
            yield outcome
            return
        stack.database.start(**SMALL_LOG)
        stack.web.start()
        with Sitting(
            stack, name="full-disk", contestants=scale.writers, seconds=scale.seconds(75), seed=scale.seed
        ) as sitting:
            sitting.wait_until_writing()
            ballast = fill(stack.database.master.data)
            is_full = use_up_the_log(stack)
            with sitting.window() as window:
                sitting.wait(10)
            ballast.unlink()
            stack.database.start(**SMALL_LOG)  # it may have gone down, and nobody but a supervisor starts it
            freed_at = time.time()
            sitting.wait(max(1.0, sitting.seconds_left - 1))
            told = sitting.finish()
        told.tell_soundness(outcome)
        outcome.must("writing stopped", holds=is_full)
        outcome.tell("saves refused meanwhile", sum(bool(one.error) for one in told.saves(window)))
        outcome.most(
            "first save after it had room", edits.first_after(told.edits, freed_at) or 999.0, 30, " s"
        )
        yield outcome
        stack.web.stop()
        stack.database.stop()


@contextmanager
def small_disk(data: Path) -> Iterator[str]:
    """Put the stopped server's data on a tmpfs with little room; yields why not where that is forbidden."""
    kept = data.with_name("kept")
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) // MEGABYTE
    data.rename(kept)
    data.mkdir(mode=0o700)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size + ROOM_MB}m,mode=0700", "tmpfs", str(data)],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        if done.returncode:
            yield f"no small disk can be made here: {done.stderr.strip() or 'mount refused'}"
        else:
            shutil.copytree(kept, data, dirs_exist_ok=True)
            os.chown(data, kept.stat().st_uid, -1)
            yield ""
    finally:
        if not done.returncode:
            subprocess.run(["umount", "--lazy", str(data)], check=False)
        data.rmdir()
        kept.rename(data)


def fill(folder: Path) -> Path:
    """Take all the room that is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(MEGABYTE // 16)):
            pass
    return ballast


def use_up_the_log(stack: Stack) -> bool:
    """Go through the log's segments that were made beforehand, until there is no room for another."""
    for _ in range(SEGMENTS):
        try:
            stack.database.ask(
                "select pg_switch_wal(), pg_logical_emit_message(true, 'chaos', repeat('x', 100000))"
            )
        except psycopg.Error:
            return True
        time.sleep(0.2)
    return False
