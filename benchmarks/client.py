"""A crowd that asks as fast as it is answered, light enough to share two cores with what it measures.

Plain sockets in one process: an HTTP library would cost more than the server does. Each connection stays
open and asks its next question when the last one was answered.
"""

import json
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Asking(Protocol):
    """What one connection asks, question by question."""

    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class Same:
    """The same question again and again."""

    question: bytes

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self.question


@dataclass(frozen=True)
class Each:
    """These questions, each once."""

    questions: Sequence[bytes]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.questions)


@dataclass(frozen=True)
class Typing:
    """Batches of edits as a page sends them: each based on the one before, with an op of its own.

    `bases` holds the revision that each answer has before, by problem number.
    """

    path: str
    headers: Mapping[str, str]
    device: str
    run: int
    bases: Mapping[int, int]

    def __iter__(self) -> Iterator[bytes]:
        turn = 0
        while True:
            edits = [
                {
                    "op": f"{self.run:08x}-0000-4000-8000-{turn * 100 + number:012x}",
                    "number": number,
                    "text": f"The answer is {turn}, because each of the {number} cases gives the same.",
                    "based_on": base + turn,
                }
                for number, base in self.bases.items()
            ]
            body = json.dumps({"device": self.device, "notices": 0, "edits": edits})
            yield request("POST", self.path, self.headers, body.encode())
            turn += 1


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + HEAD_END + body


@dataclass
class Tally:
    """What came of it. `answered` counts by status; `milliseconds` are the times of single questions."""

    seconds: float = 0
    cpu_ms: float = 0
    answered: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    largest: int = 0

    @property
    def count(self) -> int:
        return self.answered.total()

    @property
    def rate(self) -> float:
        return self.count / self.seconds


class Line:
    """One connection, and what it has yet to hear."""

    def __init__(self, port: int, asking: Asking) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.questions = iter(asking)
        self.heard = b""
        self.asked_at = 0.0

    def ask(self) -> bool:
        """Ask the next question, if there is one."""
        question = next(self.questions, None)
        if question is None:
            return False
        self.asked_at = time.perf_counter()
        self.socket.sendall(question)
        return True

    def listen(self) -> tuple[int, int] | None:
        """The status and length of the answer, once all of it is there."""
        said = self.socket.recv(1 << 18)
        if not said:
            raise ConnectionError("The server closed a connection.")
        self.heard += said
        head, found, body = self.heard.partition(HEAD_END)
        if not found:
            return None
        lowered = head.lower()
        at = lowered.find(LENGTH)
        if at < 0:
            raise ConnectionError(f"An answer without Content-Length: {head[:300]!r}")
        needed = int(lowered[at + len(LENGTH) :].split(b"\r\n", 1)[0])
        if len(body) < needed:
            return None
        size = len(self.heard)
        self.heard = b""
        return int(head[9:12]), size


def drive(port: int, askings: Sequence[Asking], seconds: float) -> Tally:
    """Let each connection ask until the time is up or its questions are; every question gets its answer."""
    lines = [Line(port, asking) for asking in askings]
    poller = selectors.DefaultSelector()
    tally = Tally()
    began, cpu_before = time.perf_counter(), time.process_time()
    until = began + seconds
    waiting = 0
    for line in lines:
        poller.register(line.socket, selectors.EVENT_READ, line)
        waiting += line.ask()
    while waiting:
        for key, _ in poller.select(timeout=30) or nobody_answers():
            line = key.data
            answer = line.listen()
            if answer is None:
                continue
            now = time.perf_counter()
            status, size = answer
            tally.answered[status] += 1
            tally.milliseconds.append((now - line.asked_at) * 1000)
            tally.largest = max(tally.largest, size)
            if now >= until or not line.ask():
                waiting -= 1
    tally.seconds = time.perf_counter() - began
    tally.cpu_ms = (time.process_time() - cpu_before) * 1000
    for line in lines:
        line.socket.close()
    return tally


def nobody_answers() -> Any:
    raise TimeoutError("No answer for 30 s.")


held: list[Line] = []


def hold(port: int, askings: Sequence[Asking]) -> int:
    """Open a connection for each, ask one question on each, and keep all of them open; returns how many."""
    for asking in askings:
        line = Line(port, asking)
        line.ask()
        while line.listen() is None:
            pass
        held.append(line)
    return len(held)


def let_go() -> None:
    for line in held:
        line.socket.close()
    held.clear()
