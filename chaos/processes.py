"""Processes by their number: killed, frozen, thawed, looked at. Never by name."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from benchmarks.stack import with_descendants

STEP_SECONDS = 0.05


class NeverCame(Exception):
    """Something that had to happen did not happen in time."""


def send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def freeze(pid: int) -> list[int]:
    """Stop a process and all that descend from it, the parent first, so that it starts no others."""
    frozen: list[int] = []
    while new := [one for one in with_descendants(pid) if one not in frozen]:
        send(new, signal.SIGSTOP)
        frozen += new
    return frozen


def thaw(pid: int) -> None:
    send(with_descendants(pid), signal.SIGCONT)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(ready: Callable[[], bool], *, within: float, what: str) -> float:
    """How many seconds it took until `ready`."""
    began = time.monotonic()
    while not ready():
        if time.monotonic() - began > within:
            raise NeverCame(f"{what}: not within {within:g} s")
        time.sleep(STEP_SECONDS)
    return time.monotonic() - began
