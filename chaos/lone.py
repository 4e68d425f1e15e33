"""One contestant by hand: enters, saves what it is told to, and looks at the answers."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from apps.grading.management.rehearsal.contestant import Contestant
from apps.grading.management.rehearsal.habits import Habits
from apps.grading.management.rehearsal.journal import Journal
from apps.grading.management.rehearsal.line import Reply
from apps.grading.management.rehearsal.measures import Recorder
from apps.grading.management.rehearsal.pages import PaperPage

PATIENCE_SECONDS = 30.0
SAVE_SECONDS = 30.0
Found = TypeVar("Found")


class Lone:
    """Somebody at an open paper. Nothing is saved unless `save` says so."""

    def __init__(self, one: Contestant, paper: PaperPage) -> None:
        self.one, self.paper = one, paper

    async def save(self, *edits: dict[str, Any], device: str = "") -> Reply:
        tree = {"device": device or self.paper.device, "notices": 0, "edits": list(edits)}
        return await self.one.line.post_json(
            self.paper.save_url, tree, token=self.paper.save_token, action="save", timeout=SAVE_SECONDS
        )

    async def get(self, path: str) -> Reply:
        return await self.one.line.get(path, action="page")


def edit(number: int, text: str, based_on: int | None, op: str = "") -> dict[str, Any]:
    return {"op": op or str(uuid.uuid4()), "number": number, "text": text, "based_on": based_on}


def at_paper(url: str, key: str, doing: Callable[[Lone], Awaitable[Found]]) -> Found:
    """Enter, open the paper, do something there, leave."""

    async def sit() -> Found:
        journal = Journal(Path("/dev/null"))
        one = Contestant(
            url=url,
            key=key,
            journal=journal,
            recorder=Recorder(),
            seed=0,
            habits=Habits(has_script=False),
            patience=PATIENCE_SECONDS,
        )
        try:
            await one.enter()
            await one.open_paper()
            if one.outbox is None:
                raise RuntimeError("an opened paper has an outbox")
            return await doing(Lone(one, one.outbox.paper))
        finally:
            await one.close()
            await journal.close()

    return asyncio.run(sit())


def seconds_to_enter(url: str, key: str) -> float:
    async def look(_: Lone) -> None:
        return None

    began = time.monotonic()
    at_paper(url, key, look)
    return time.monotonic() - began
