"""The edit journal: one line before a call and one after it, on disk before anything is believed.

A line is JSON:

    {"what": "sent", "paper", "op", "number", "sha256", "based_on", "at"}
    {"what": "acked", "paper", "op", "state", "revision", "at"}
    {"what": "failed", "paper", "op", "error", "at"}

`note` returns when its lines are synced to the disk. The lines of all contestants of a process that come
within some milliseconds share one sync (group commit): each still waits for its own.
"""

import asyncio
import json
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

from apps.grading.rules.rehearsal.checking import Ack, SentEdit

# Each sync is felt by the database if it has the same disk; an edit can wait that long for its own.
GATHERING_SECONDS = 0.05


def digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def sent(*, paper: str, op: str, number: int, text: str, based_on: int | None) -> dict[str, Any]:
    return {
        "what": "sent",
        "paper": paper,
        "op": op,
        "number": number,
        "sha256": digest_of(text),
        "based_on": based_on,
        "at": time.time(),
    }


def acked(*, paper: str, op: str, state: str, revision: int | None) -> dict[str, Any]:
    return {
        "what": "acked",
        "paper": paper,
        "op": op,
        "state": state,
        "revision": revision,
        "at": time.time(),
    }


def failed(*, paper: str, op: str, error: str) -> dict[str, Any]:
    return {"what": "failed", "paper": paper, "op": op, "error": error, "at": time.time()}


class Journal:
    """A file that lines are added to, from one event loop."""

    def __init__(self, path: Path, *, gathering_seconds: float = GATHERING_SECONDS) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._gathering_seconds = gathering_seconds
        self._lines: list[bytes] = []
        self._commit: asyncio.Task[None] | None = None
        # One thread: what is written first is synced first.
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    async def note(self, lines: Iterable[dict[str, Any]]) -> None:
        """Add lines; when this returns they are on the disk."""
        noted = [json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines]
        if not noted:
            return
        self._lines += noted
        if self._commit is None:
            self._commit = asyncio.create_task(self._commit_soon())
        # A contestant may be cancelled; the others who wait for the same sync are not.
        await asyncio.shield(self._commit)

    async def close(self) -> None:
        if self._commit is not None:
            await self._commit
        self._disk.shutdown()
        os.close(self._file)

    async def _commit_soon(self) -> None:
        await asyncio.sleep(self._gathering_seconds)
        block, self._lines, self._commit = b"".join(self._lines), [], None
        await asyncio.get_running_loop().run_in_executor(self._disk, self._write, block)

    def _write(self, block: bytes) -> None:
        while block:
            block = block[os.write(self._file, block) :]
        os.fdatasync(self._file)


class TwoTexts(Exception):
    """The journal names one op with two texts: the crowd itself is at fault, the check means nothing."""


def read_journals(paths: Iterable[Path]) -> list[SentEdit]:
    """Every edit of these journals, once, with the last word that was heard about it."""
    edits: dict[tuple[str, str], SentEdit] = {}
    acks: dict[tuple[str, str], Ack] = {}
    for line in _lines_of(paths):
        name = line["paper"], line["op"]
        if line["what"] == "sent":
            edit = SentEdit(line["paper"], line["op"], line["number"], line["sha256"])
            if edits.setdefault(name, edit) != edit:
                raise TwoTexts(f"{line['op']} was sent with two texts")
        elif line["what"] == "acked":
            acks[name] = Ack(line["state"], line["revision"])
    return [
        SentEdit(edit.paper, edit.op, edit.number, edit.digest, acks.get(name))
        for name, edit in edits.items()
    ]


def _lines_of(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        with path.open("rb") as file:
            # The last line is torn where the process was killed while it wrote; it had not been synced,
            # so its call was never made, or its answer never believed.
            yield from (json.loads(line) for line in file if line.endswith(b"\n"))
