"""A process of the crowd, as the rehearsal starts it: it ends when its input does, and when it must."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from apps.grading.management.rehearsal.plan import Plan, Seat

MODULE = "apps.grading.management.rehearsal.crowd"
SURPRISE = """
import asyncio
from apps.grading.management.rehearsal import contestant, crowd

async def sit(self, **moments):
    raise LookupError("nobody thought of this")

contestant.Contestant.sit = sit
asyncio.run(crowd.main())
"""


@pytest.fixture
def start(tmp_path):
    """Start one with a plan of one seat that is taken after so many seconds; its input stays open."""
    processes = []

    def run(*arguments, enters_after=0.0):
        now = time.time()
        seat = Seat(place=0, key="", enters_at=now + enters_after, writes_until=now, hands_in_at=now)
        journal = str(tmp_path / "edits.jsonl")
        plan = Plan("http://127.0.0.1:9", journal, seed=1, loads_assets=False, patience=1.0, seats=(seat,))
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        processes.append(process)
        process.stdin.write(plan.as_line() + "\n")
        process.stdin.flush()
        return process

    yield run
    for process in processes:
        process.kill()
        with process:  # closes what leads to it
            pass


def test_what_nobody_thought_of_ends_it_loudly_though_its_input_is_open(start):
    process = start("-c", SURPRISE)
    assert process.wait(20) == 1
    assert "nobody thought of this" in process.stderr.read()


def test_the_end_of_its_input_ends_it_before_anybody_has_entered(start):
    process = start("-m", MODULE, enters_after=600)
    process.stdout.readline()  # it is at it
    process.stdin.close()
    assert process.wait(20) == 0
