"""One process of the crowd: `python -m apps.grading.management.rehearsal.crowd`, run by the rehearsal.

The first line of its standard input is the plan, with the keys (which therefore stand in no argument and
no file). It says its news on standard output, once a second. After the sitting it waits: a `Herd` line
sends everybody to the results; the end of the input ends it, so that no crowd outlives who started it.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from apps.grading.management.rehearsal.contestant import Contestant, GaveUp
from apps.grading.management.rehearsal.habits import Habits, habits_of
from apps.grading.management.rehearsal.journal import Journal
from apps.grading.management.rehearsal.measures import Recorder, Watch
from apps.grading.management.rehearsal.pages import UnexpectedPage
from apps.grading.management.rehearsal.plan import Herd, News, Plan, Seat

NEWS_EVERY = 1.0
LONGEST_LINE = 2**26  # bytes: a plan names a hundred for each contestant


class Crowd:
    """The contestants of one process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._recorder, self._watch = Recorder(), Watch()
        self._journal = Journal(Path(plan.journal))
        self._sat: dict[int, Contestant] = {}
        self._parents: list[Contestant] = []
        self._gave_up: list[str] = []
        self._sitting = 0

    async def run(self, commands: asyncio.Queue[Herd | None]) -> None:
        """Sit, wait for the results, look at them; a None among the commands ends it at once."""
        beside = [asyncio.create_task(self._watch.watch_lag()), asyncio.create_task(self._tell())]
        try:
            herd = await self._until_told(self._sit_all(), commands)
            if herd is not None:
                await self._until_told(self._look_all(herd), commands)
        finally:
            for task in beside:
                task.cancel()
            everybody = [*self._sat.values(), *self._parents]
            await asyncio.gather(*(one.close() for one in everybody))
            await self._journal.close()

    async def _until_told(
        self, part: Coroutine[Any, Any, None], commands: asyncio.Queue[Herd | None]
    ) -> Herd | None:
        """Do a part; return the command that comes, before its end (then it is broken off) or after it."""
        doing, told = asyncio.create_task(part), asyncio.create_task(commands.get())
        await asyncio.wait({doing, told}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            doing.result()  # what the crowd did not expect ends it, loudly
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        return await told

    async def _sit_all(self) -> None:
        await asyncio.gather(*(self._sit(seat) for seat in self._plan.seats))
        self._say(finished="sitting")

    async def _sit(self, seat: Seat) -> None:
        await asyncio.sleep(max(0.0, seat.enters_at - time.time()))
        one = self._contestant(seat, habits_of(seat.place, loads_assets=self._plan.loads_assets))
        self._sat[seat.place] = one
        self._sitting += 1
        try:
            await one.sit(writing_until=seat.writes_until, handing_in_at=seat.hands_in_at)
        except (GaveUp, UnexpectedPage) as reason:
            self._gave_up.append(f"contestant {seat.place + 1}: {reason}")
        finally:
            self._sitting -= 1
            if one.outbox is not None:
                await one.outbox.stop()  # whoever gave up would write on while others count

    async def _look_all(self, herd: Herd) -> None:
        """All contestants, and as many parents who enter with the same key on a device of their own."""
        step = herd.seconds / max(1, len(self._plan.seats))
        looks = []
        for place, seat in enumerate(self._plan.seats):
            parent = self._contestant(seat, Habits(loads_assets=self._plan.loads_assets))
            self._parents.append(parent)
            looks += [
                self._look(one, herd.at + place * step, enters=one is parent)
                for one in (self._sat[seat.place], parent)
            ]
        await asyncio.gather(*looks)
        self._say(finished="herd")

    async def _look(self, one: Contestant, at: float, *, enters: bool) -> None:
        await asyncio.sleep(max(0.0, at - time.time()))
        self._sitting += 1
        try:
            if enters:
                await one.enter()
            await one.see_result()
        except (GaveUp, UnexpectedPage) as reason:
            who = "the parent of contestant" if enters else "contestant"
            self._gave_up.append(f"{who} {one.place + 1}: {reason}")
        finally:
            self._sitting -= 1

    def _contestant(self, seat: Seat, habits: Habits) -> Contestant:
        return Contestant(
            url=self._plan.url,
            key=seat.key,
            journal=self._journal,
            recorder=self._recorder,
            seed=self._plan.seed * 1_000_003 + seat.place,
            habits=habits,
            patience=self._plan.patience,
            place=seat.place,
        )

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(NEWS_EVERY)
            self._say()

    def _say(self, finished: str = "") -> None:
        gave_up, self._gave_up = tuple(self._gave_up), []
        news = News(self._watch.pulse(self._sitting), tuple(self._recorder.take()), gave_up, finished)
        sys.stdout.write(news.as_line() + "\n")
        sys.stdout.flush()


async def open_input() -> asyncio.StreamReader:
    """Our standard input, a pipe, read by the loop: a thread that waits for it would outlive what fails."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def read_commands(reader: asyncio.StreamReader, commands: asyncio.Queue[Herd | None]) -> None:
    """Hand on what stands on the input, until its end."""
    while line := await reader.readline():
        commands.put_nowait(Herd(**json.loads(line)["herd"]))
    commands.put_nowait(None)


async def main() -> None:
    """Open as many connections as the system lets us; one for each contestant and more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    reader = await open_input()
    crowd = Crowd(Plan.from_line((await reader.readline()).decode()))
    commands: asyncio.Queue[Herd | None] = asyncio.Queue()
    reading = asyncio.create_task(read_commands(reader, commands))
    await crowd.run(commands)
    reading.cancel()


if __name__ == "__main__":
    asyncio.run(main())
