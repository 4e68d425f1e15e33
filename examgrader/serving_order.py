"""In which order those who have asked get a thread: who saves goes before whoever wants a page."""

import socket
import threading
from collections import deque
from typing import Any

from examgrader.urgency import is_urgent

LOOK_AT = 64  # bytes, enough for any urgent request's first line
OTHERS_EVERY = 4  # turns


class ServingOrder:
    """Connections that wait for a thread: the urgent ones first, each kind in the order of its arrival.

    At the opening bell hundreds of pages are asked for in a second. A save would wait for all of them; so
    they wait for one save, which is done with much sooner. Every fourth turn is the others', so that whoever
    reloads a paper while everybody hands in waits longer, but not without end.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.urgent: deque[Any] = deque()
        self.others: deque[Any] = deque()
        self.turn = 0

    def put(self, conn: Any) -> None:
        line = self.urgent if asks_urgently(conn) else self.others
        with self.lock:
            line.append(conn)

    def take(self) -> Any:
        """The one whose turn it is; as many may be taken as were put."""
        with self.lock:
            self.turn = (self.turn + 1) % OTHERS_EVERY
            lines = (self.urgent, self.others) if self.turn else (self.others, self.urgent)
            return (lines[0] or lines[1]).popleft()


def asks_urgently(conn: Any) -> bool:
    """By the first line of its request, which stays there to be read; what cannot be seen hurries nobody."""
    if conn.cfg.is_ssl:
        return False
    try:
        seen: bytes = conn.sock.recv(LOOK_AT, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return False
    method, _, rest = seen.decode("latin-1").partition(" ")
    return is_urgent(method, rest.partition(" ")[0].partition("?")[0])
