"""gunicorn's threaded worker, for browsers that open connections before they need them."""

import selectors
import socket
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from apps.core import waiting
from examgrader import slow_lines
from examgrader.cores import CORES, keep_to
from examgrader.serving_order import ServingOrder
from examgrader.shares import SHARES

LINGER_SECONDS = 2.0
ADMITTED_AT_ONCE = 16
DISCARDED_AT_ONCE = 1 << 16


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
    connections wait, and are closed with those; what is slow or dead lets go of its thread after seconds.
    Who saves gets the next free thread, and how long a request waited for one is noted for whoever sheds
    load. And no process takes much more than its share of the connections.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.keepalived_conns, self.pending_conns, self.leaving_conns = Line(), Line(), Line()
        self.order = ServingOrder()
        # This is still the first process, which gives both back when the one that is made here ended.
        self.place = SHARES.take_place()
        self.core = CORES.take(processes=self.cfg.workers)

    def init_process(self) -> None:
        keep_to(self.core)
        super().init_process()

    def notify(self) -> None:
        """Called before each wait for something to do."""
        super().notify()
        self.let_go()
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

    def accept(self, listener: Any) -> None:
        """Let in some of those who wait at the door, where gunicorn lets in one.

        Between two looks at the door the threads that serve have their turns. At an opening bell, when
        everybody comes for the first time, those at the door waited longer than anybody inside.
        """
        for _ in range(ADMITTED_AT_ONCE):
            inside = self.nr_conns
            super().accept(listener)
            if self.nr_conns == inside or self.nr_conns >= self.worker_connections:
                return

    def enqueue_req(self, conn: Any) -> None:
        if conn.initialized or conn.data_ready:
            conn.queued_at = time.monotonic()
            self.order.put(conn)
            self.tpool.submit(self.serve_next)
            return
        slow_lines.bound(conn.sock)
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

    def finish_request(self, conn: Any, outcome: Future[Any]) -> None:
        """Back in the main thread. A connection that ends is heard out here, with all the others.

        gunicorn would wait for the other side to close, up to two seconds, and serve nobody meanwhile.
        """
        if outcome.exception() is not None or outcome.result() is not False:
            super().finish_request(conn, outcome)
            return
        try:
            conn.sock.settimeout(0)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:  # the other side was quicker
            self.nr_conns -= 1
            conn.close()
            return
        conn.timeout = time.monotonic() + LINGER_SECONDS
        self.leaving_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.hear_out, conn))

    def hear_out(self, conn: Any, client: Any) -> None:
        """What it still says is for nobody; without reading it, it might never get our last word."""
        try:
            is_over = not client.recv(DISCARDED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            is_over = True
        if is_over:
            self.leave(conn)

    def let_go(self) -> None:
        while self.leaving_conns and self.leaving_conns[0].timeout <= time.monotonic():
            self.leave(self.leaving_conns[0])

    def leave(self, conn: Any) -> None:
        self.leaving_conns.remove(conn)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def _cap_keepalive(self, deadline: float) -> None:
        SHARES.leave(self.place)
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
