"""gunicorn's threaded worker, for browsers that open connections before they need them."""

import selectors
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from apps.core import waiting
from examgrader.serving_order import ServingOrder
from examgrader.shares import SHARES


class Line:
    """Connections in the order in which they will be closed; any of them may leave at once.

    gunicorn's own looks for who leaves among all who stand before, thousands of them.
    """

    def __init__(self) -> None:
        self.standing: OrderedDict[Any, None] = OrderedDict()

    def append(self, conn: Any) -> None:
        self.standing[conn] = None

    def remove(self, conn: Any) -> None:
        del self.standing[conn]

    def popleft(self) -> Any:
        return self.standing.popitem(last=False)[0]

    def __getitem__(self, place: int) -> Any:
        if place:
            raise IndexError(place)  # nobody asks for any but the first
        return next(iter(self.standing))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.standing)

    def __len__(self) -> int:
        return len(self.standing)


class PatientThreadWorker(ThreadWorker):  # type: ignore[misc]
    """A connection costs a thread only once it has said something.

    Browsers open spare connections. gunicorn 27 lets each of them hold one of our few threads for five
    seconds, and waits for all of them when it is told to stop. Here they wait where kept-alive
    connections wait, and are closed with those. Who saves gets the next free thread, and how long a request
    waited for one is noted for whoever sheds load. And no process takes much more than its share of the
    connections.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.keepalived_conns, self.pending_conns = Line(), Line()
        self.order = ServingOrder()
        # This is still the first process, which gives the place back when the one that is made here ended.
        self.place = SHARES.take_place()

    def notify(self) -> None:
        """Called before each wait for something to do."""
        super().notify()
        if not self.alive:
            return
        if self.nr_conns >= self.cfg.worker_connections:
            self.close_idlest()
        SHARES.tell(self.place, self.nr_conns)
        self.worker_connections = min(self.cfg.worker_connections, SHARES.most(self.place))

    def close_idlest(self) -> None:
        """Make room for who comes: gunicorn would let them wait until an idle connection's time is up."""
        line = self.keepalived_conns or self.pending_conns
        if line:
            conn = line.popleft()
            self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            conn.close()

    def enqueue_req(self, conn: Any) -> None:
        if conn.initialized or conn.data_ready:
            conn.queued_at = time.monotonic()
            self.order.put(conn)
            self.tpool.submit(self.serve_next)
            return
        conn.sock.settimeout(0)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def serve_next(self) -> None:
        """In one of the threads: not the request that it was called for, but the one whose turn it is."""
        conn = self.order.take()
        outcome: Future[Any] = Future()
        try:
            waiting.note(time.monotonic() - conn.queued_at)
            outcome.set_result(self.handle(conn))
        except BaseException as error:  # noqa: BLE001 - gunicorn's `finish_request` closes the connection then
            outcome.set_exception(error)
        self.method_queue.defer(self.finish_request, conn, outcome)

    def _cap_keepalive(self, deadline: float) -> None:
        SHARES.leave(self.place)
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
