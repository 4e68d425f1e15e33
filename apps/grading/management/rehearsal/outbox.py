"""The page's outbox as the crowd keeps it: CONTRACT's save protocol with the timing of the real script.

One batch at a time, 1 s after typing pauses and at least every 10 s while it goes on; an empty batch is
the heartbeat, jittered around half a minute; full-jitter back-off up to 30 s, and Retry-After on top. An
edit whose answer was lost comes again with its own op before anything newer. (static/js/paper/outbox.js,
answer.js and reconcile.js are what this follows.)
"""

import asyncio
import random
import time
from http import HTTPStatus

from apps.grading.management.rehearsal import journal as lines
from apps.grading.management.rehearsal.answers import Answer, Edit
from apps.grading.management.rehearsal.journal import Journal
from apps.grading.management.rehearsal.line import Line, Reply
from apps.grading.management.rehearsal.pages import PaperPage

PAUSE = 1.0
LONGEST_WAIT = 10.0
HEARTBEAT = 30.0
SAVE_TIMEOUT = 15.0
MOST_EDITS = 50
LONGEST_BACK_OFF = 30.0


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
