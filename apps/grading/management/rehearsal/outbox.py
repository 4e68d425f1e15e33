"""The page's outbox as the crowd keeps it: CONTRACT's save protocol with the timing of the real script.

One batch at a time, 1 s after typing pauses and at least every 10 s while it goes on; an empty batch is
the heartbeat, jittered around half a minute; full-jitter back-off up to 30 s, and Retry-After on top. An
edit whose answer was lost comes again with its own op before anything newer. (static/js/paper/outbox.js,
answer.js and reconcile.js are what this follows.)
"""

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from apps.grading.management.rehearsal import journal as lines
from apps.grading.management.rehearsal.journal import Journal
from apps.grading.management.rehearsal.line import Line, Reply
from apps.grading.management.rehearsal.pages import Field, PaperPage

PAUSE = 1.0
LONGEST_WAIT = 10.0
HEARTBEAT = 30.0
SAVE_TIMEOUT = 15.0
MOST_EDITS = 50
MOST_REPEATS = 3
LONGEST_BACK_OFF = 30.0


@dataclass
class Edit:
    op: str
    text: str
    based_on: int | None


@dataclass
class Answer:
    """One answer as this page knows it."""

    shown: Field
    text: str
    saved: str
    revision: int
    kept: str | None = None
    queue: list[Edit] = field(default_factory=list)
    repeats: int = 0
    is_in_conflict: bool = False

    @classmethod
    def served(cls, shown: Field) -> "Answer":
        return cls(shown=shown, text=shown.text, saved=shown.text, revision=shown.revision)

    @property
    def is_unsent(self) -> bool:
        return bool(self.queue) or self._has_new_text

    @property
    def _has_new_text(self) -> bool:
        return self.text not in {self.saved, self.kept}

    def next_edit(self) -> Edit | None:
        if not self.queue and self._has_new_text:
            self.queue.append(Edit(str(uuid.uuid4()), self.text, self.revision))
        return self.queue[0] if self.queue else None

    def settle(self, result: dict[str, Any], *, is_writer: bool) -> None:
        """Enter what the server said about one edit."""
        edit = next((one for one in self.queue if one.op == result["op"]), None)
        if edit is None or result["state"] not in {"current", "late", "conflict"}:
            return  # in the second case the same op is still under way elsewhere
        self.queue.remove(edit)
        if result["state"] == "current":
            if result["revision"] >= self.revision:
                self.revision, self.saved, self.kept, self.repeats = result["revision"], edit.text, None, 0
        elif result["state"] == "late":
            self.kept = edit.text
        else:
            self._enter_conflict(edit, result, is_writer=is_writer)

    def _enter_conflict(self, edit: Edit, result: dict[str, Any], *, is_writer: bool) -> None:
        theirs = result.get("head_text") or ""
        if theirs == self.text:
            self.saved, self.revision, self.kept = theirs, result["head"], None
        elif not is_writer:
            self.kept = edit.text
        elif result["head"] == edit.based_on and self.repeats < MOST_REPEATS:
            self.repeats += 1
        else:
            # "This one counts": whoever sits here takes the text at hand, on top of the other.
            self.saved, self.revision, self.kept = theirs, result["head"], None

    def reconciled(self, shown: Field) -> "Answer":
        """The answer on a page that was opened anew, with what this device had not sent yet."""
        served = Answer.served(shown)
        if self.text == shown.text or (self.text == self.saved and shown.revision >= self.revision):
            return served
        is_following = (
            shown.revision < self.revision
            or (shown.revision == self.revision and shown.text == self.saved)
            or (shown.revision == self.revision + 1 and any(edit.text == shown.text for edit in self.queue))
        )
        served.text = self.text
        if is_following:
            served.queue = [
                edit for edit in self.queue if edit.text != shown.text and shown.revision >= self.revision
            ]
        return served


class Outbox:
    """Sends one page's edits until they are all acknowledged, and the journal has each before and after."""

    def __init__(self, paper: PaperPage, line: Line, journal: Journal, *, seed: int = 0) -> None:
        self._line, self._journal = line, journal
        self._random = random.Random(seed)  # noqa: S311
        self.paper = paper
        self.answers = {shown.number: Answer.served(shown) for shown in paper.fields}
        self.is_writer, self.is_closed, self.is_signed_out = True, False, False
        self._is_busy = self._is_stopped = False
        self._failures = 0
        self._not_before = self._changed_at = 0.0
        self._waiting_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None

    @property
    def has_unsent(self) -> bool:
        return any(answer.is_unsent for answer in self.answers.values())

    def start(self) -> None:
        self._plan_next()

    async def stop(self) -> None:
        """No call after this one; what is under way is waited for, as its answer may be a promise."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._sending is not None:
            await self._sending

    def type(self, number: int, text: str) -> None:
        self.answers[number].text = text
        self._changed_at = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = self._changed_at
        self._plan(self._due_at())

    def hurry(self) -> None:
        """Try now, unless the server asked us to wait."""
        self._waiting_since, self._changed_at = None, 0.0
        self._plan(0.0)

    def wake(self) -> None:
        """The network is back."""
        self._failures, self._not_before = 0, 0.0
        self.hurry()

    async def drain(self, until: float) -> bool:
        """Wait until everything is acknowledged, at most until this moment of the wall clock."""
        while self.has_unsent and not self.is_closed and not self.is_signed_out and time.time() < until:
            self.hurry()
            await asyncio.sleep(0.05)
        return not self.has_unsent

    def reopen(self, paper: PaperPage) -> "Outbox":
        """The outbox of the page after a reload, with what this one had not sent."""
        fresh = Outbox(paper, self._line, self._journal, seed=self._random.getrandbits(32))
        for number, answer in fresh.answers.items():
            fresh.answers[number] = self.answers[number].reconciled(answer.shown)
        return fresh

    def _due_at(self) -> float:
        since = self._changed_at if self._waiting_since is None else self._waiting_since
        return min(self._changed_at + PAUSE, since + LONGEST_WAIT)

    def _plan(self, at: float) -> None:
        if self._is_busy or self._is_stopped:
            return
        if self._timer is not None:
            self._timer.cancel()
        delay = max(0.0, max(at, self._not_before) - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(delay, self._fire)

    def _fire(self) -> None:
        self._is_busy = True
        self._sending = asyncio.create_task(self._send())

    def _plan_next(self) -> None:
        if self.is_signed_out:
            return
        if self._failures:
            self._plan(self._not_before)
        elif self.has_unsent:
            self._plan(self._due_at() if self._changed_at else 0.0)
        elif not self.is_closed:
            self._plan(time.monotonic() + HEARTBEAT * self._random.uniform(0.7, 1.0))

    async def _send(self) -> None:
        self._waiting_since = None
        batch = [(number, edit) for number, answer in self.answers.items() if (edit := answer.next_edit())][
            :MOST_EDITS
        ]
        await self._journal.note(
            lines.sent(
                paper=self.paper.submission,
                op=edit.op,
                number=number,
                text=edit.text,
                based_on=edit.based_on,
            )
            for number, edit in batch
        )
        reply = await self._line.post_json(
            self.paper.save_url,
            {
                "device": self.paper.device,
                "notices": self.paper.notices,
                "edits": [
                    {"op": edit.op, "number": number, "text": edit.text, "based_on": edit.based_on}
                    for number, edit in batch
                ],
            },
            token=self.paper.save_token,
            action="save" if batch else "heartbeat",
            timeout=SAVE_TIMEOUT,
        )
        await self._hear(reply, [edit for _, edit in batch])
        self._is_busy = False
        self._plan_next()

    async def _hear(self, reply: Reply, batch: list[Edit]) -> None:
        body = reply.json if reply.status in {HTTPStatus.OK, HTTPStatus.FORBIDDEN} else None
        if not isinstance(body, dict) or "edits" not in body:
            await self._journal.note(
                lines.failed(
                    paper=self.paper.submission, op=edit.op, error=reply.error or f"status {reply.status}"
                )
                for edit in batch
            )
            self.is_signed_out = reply.status == HTTPStatus.UNAUTHORIZED
            self._failures += 1
            longest = min(LONGEST_BACK_OFF, 2.0 ** (self._failures - 1))
            self._not_before = time.monotonic() + reply.wait + self._random.uniform(0, longest)
            return
        await self._journal.note(
            lines.acked(
                paper=self.paper.submission,
                op=result["op"],
                state=result["state"],
                revision=result["revision"],
            )
            for result in body["edits"]
            if result["state"] is not None  # else the same op is still under way elsewhere: no promise yet
        )
        self._failures, self._not_before = 0, 0.0
        self.is_closed = reply.status == HTTPStatus.FORBIDDEN or body["phase"] == "closed"
        self.is_writer = bool(body.get("writer", True))
        for result in body["edits"]:
            self.answers[result["number"]].settle(result, is_writer=self.is_writer)
