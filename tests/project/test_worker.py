"""gunicorn with our worker: connections that say nothing cost nothing, and none takes all of the others."""

import http.client
import math
import os
import signal
import socket
import subprocess
import time

import pytest
from gunicorn.workers.gthread import ThreadWorker

from examgrader.shares import PLACES, Shares
from examgrader.worker import PatientThreadWorker
from tests.support.small_server import THREADS, children_of, is_served, serve, sockets_of

pytestmark = pytest.mark.long

SPARE_CONNECTIONS = 3 * THREADS
ROOM = 10


def measure(folder, worker):
    """With spare connections open: does a page come within 3 s, and then, does SIGTERM end it within 8 s?"""
    process, port = serve(folder, worker)
    spare = [socket.create_connection(("127.0.0.1", port)) for _ in range(SPARE_CONNECTIONS)]
    time.sleep(0.3)  # the worker has accepted them all
    try:
        served = is_served(port, within=3)
        if not served:
            return False, False
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=8)
            stopped = True
        except subprocess.TimeoutExpired:
            stopped = False
        return served, stopped
    finally:
        for connection in spare:
            connection.close()
        process.kill()
        process.communicate()


def test_spare_connections_hold_no_thread_and_do_not_delay_the_end(tmp_path):
    assert measure(tmp_path, "examgrader.worker.PatientThreadWorker") == (True, True)


def test_control_gunicorns_own_worker_waits_for_them(tmp_path):
    served, stopped = measure(tmp_path, "gthread")
    assert not (served and stopped)


CARELESS = """
from examgrader.worker import PatientThreadWorker

class Careless(PatientThreadWorker):
    def close_idlest(self):
        pass
"""


def is_served_behind_a_full_house(folder, worker):
    """With as many silent connections as there is room for: does somebody who asks for a page get it?"""
    (folder / "careless.py").write_text(CARELESS)
    process, port = serve(folder, worker, "--worker-connections", str(ROOM))
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(ROOM)]
    time.sleep(0.3)  # all of them were let in
    try:
        return is_served(port, within=5)
    finally:
        for connection in silent:
            connection.close()
        process.kill()
        process.communicate()


def test_where_there_is_no_room_left_the_idlest_makes_it(tmp_path):
    assert is_served_behind_a_full_house(tmp_path, "examgrader.worker.PatientThreadWorker")


def test_control_without_that_who_comes_waits(tmp_path):
    assert not is_served_behind_a_full_house(tmp_path, "careless.Careless")


class Doorkeeper(PatientThreadWorker):
    """The worker at its door alone."""

    def __init__(self, room):
        self.cfg, self.nr_conns, self.worker_connections = None, 0, room

    def enqueue_req(self, conn):
        conn.close()


@pytest.fixture
def door():
    """A socket that listens, with five who wait at it."""
    with socket.create_server(("127.0.0.1", 0), backlog=10) as listener:
        listener.setblocking(False)
        waiting = [socket.create_connection(listener.getsockname()) for _ in range(5)]
        yield listener
        for one in waiting:
            one.close()


@pytest.mark.parametrize(("room", "admitted"), [(100, 5), (3, 3)])
def test_all_who_wait_at_the_door_are_let_in_as_long_as_there_is_room(door, room, admitted):
    worker = Doorkeeper(room)
    worker.accept(door)
    assert worker.nr_conns == admitted


def test_control_gunicorn_lets_in_one_at_a_time(door):
    worker = Doorkeeper(100)
    ThreadWorker.accept(worker, door)
    assert worker.nr_conns == 1


# -- A process takes its share --------------------------------------------------------------------------


def connect(port, count):
    """So many browsers that ask for a page and stay."""
    lines = []
    for _ in range(count):
        lines.append(http.client.HTTPConnection("127.0.0.1", port, timeout=20))
        lines[-1].request("GET", "/")
        assert lines[-1].getresponse().read() == b"ok"
    return lines


def test_a_process_that_holds_more_than_its_share_leaves_new_connections_to_the_others(tmp_path):
    process, port = serve(tmp_path, "examgrader.worker.PatientThreadWorker", "--workers", "2")
    lines = []
    try:
        until = time.monotonic() + 20
        # Until both are there and have nothing but the door: `serve` knocked to see whether it is open.
        while [sockets_of(child) for child in children_of(process)] != [1, 1] and time.monotonic() < until:
            time.sleep(0.05)
        frozen, other = children_of(process)
        before = sockets_of(other)
        os.kill(frozen, signal.SIGSTOP)
        lines += connect(port, 40)  # nobody else is there: the one takes them all, whatever its share
        assert sockets_of(other) - before == 40
        frozen_held = sockets_of(frozen)
        os.kill(frozen, signal.SIGCONT)
        until = time.monotonic() + 20
        while sockets_of(frozen) <= frozen_held and time.monotonic() < until:
            lines += connect(port, 1)  # until it is back, and has been heard of
            time.sleep(0.1)
        assert sockets_of(frozen) > frozen_held
        before = sockets_of(other)
        lines += connect(port, 20)
        assert sockets_of(other) - before <= 2
    finally:
        for line in lines:
            line.close()
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def shares():
    return Shares()


@pytest.fixture
def places(shares):
    return [shares.take_place() for _ in range(3)]


def test_a_process_may_hold_little_more_than_who_has_fewest(shares, places):
    for place, count in zip(places, (100, 40, 60), strict=True):
        shares.tell(place, count)
    assert [shares.most(place) for place in places] == [54, 79, 54]


def test_who_starts_stops_or_hangs_is_not_compared_with(shares, places, monkeypatch):
    one, stopping, starting = places
    assert shares.most(one) == math.inf
    shares.tell(stopping, 3)
    shares.leave(stopping)
    assert shares.most(one) == math.inf
    shares.tell(starting, 3)
    assert shares.most(one) == 7.75
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3)
    assert shares.most(one) == math.inf, "nothing was heard of it for three seconds"


def test_a_place_is_given_to_the_next_after_its_process_ended(shares):
    taken = {shares.take_place() for _ in range(PLACES)}
    assert len(taken) == PLACES
    shares.give_back(7)
    assert shares.take_place() == 7
    spare = shares.take_place()
    assert spare in taken, "more processes than places: two share one"
