"""gunicorn's threaded worker, for browsers that open connections before they need them."""

import selectors
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from examgrader import waiting
from examgrader.shares import SHARES


class PatientThreadWorker(ThreadWorker):  # type: ignore[misc]
    """A connection costs a thread only once it has said something.

    Browsers open spare connections. gunicorn 27 lets each of them hold one of our few threads for five
    seconds, and waits for all of them when it is told to stop. Here they wait where kept-alive
    connections wait, and are closed with those. How long a request then waits for a
    thread is noted for whoever sheds load. And no process takes much more than its share of the connections.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.place = (
            SHARES.take_place()
        )  # still in the first process, which gives it back when this one ended

    def notify(self) -> None:
        """Called before each wait for something to do."""
        super().notify()
        if self.alive:
            SHARES.tell(self.place, self.nr_conns)
            self.worker_connections = min(self.cfg.worker_connections, SHARES.most(self.place))

    def enqueue_req(self, conn: Any) -> None:
        if conn.initialized or conn.data_ready:
            conn.queued_at = time.monotonic()
            super().enqueue_req(conn)
            return
        conn.sock.settimeout(0)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: Any) -> Any:
        waiting.note(time.monotonic() - conn.queued_at)
        return super().handle(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        SHARES.leave(self.place)
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
