"""Asking something that may never answer, for a limited time."""

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Answer = TypeVar("Answer")
FORGOTTEN_AFTER_SECONDS = 10.0


class Patience:
    """Asks in a thread of its own and waits for `seconds`; then who asked goes on without an answer.

    A frozen PostgreSQL keeps its connections and says nothing: no time-out of the server's can fire, and
    libpq waits at least two seconds for a new connection. The thread that hangs is left behind. While it
    hangs nobody else is sent after it, until it is forgotten: the line may be dead and the server alive.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self.door = threading.Lock()
        self.hanging: threading.Thread | None = None
        self.sent_at = -math.inf

    def ask(self, question: Callable[[], Answer], *, instead: Answer) -> Answer:
        """What the question comes to; `instead` if it raises, or takes too long, or an earlier one hangs."""
        answers: list[Answer] = []

        def answer() -> None:
            # Whatever it raises, there is no answer; the thread has nobody to tell.
            with suppress(Exception):
                answers.append(question())

        with self.door:
            if self.hangs():
                return instead
            self.sent_at = self.clock()
            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            self.hanging = thread
        thread.join(self.seconds)
        return answers[0] if answers else instead

    def hangs(self) -> bool:
        """Whether somebody was sent more than `seconds` ago and is not back; one on the way is no sign."""
        if self.hanging is None or not self.hanging.is_alive():
            return False
        return self.seconds < self.clock() - self.sent_at < FORGOTTEN_AFTER_SECONDS
