"""Who saves gets the next free thread, whoever else is waiting."""

import socket
from types import SimpleNamespace

import pytest
from django.urls import reverse

from examgrader.serving_order import ServingOrder, asks_urgently
from examgrader.urgency import is_never_refused, is_urgent


@pytest.fixture
def connect():
    """A connection as gunicorn has it, on which a browser has said this; nothing: it is gone."""
    open_ends = []

    def make(said, *, is_ssl=False):
        browser, ours = socket.socketpair()
        open_ends.extend([browser, ours])
        browser.sendall(said)
        return SimpleNamespace(sock=ours, cfg=SimpleNamespace(is_ssl=is_ssl), browser=browser)

    yield make
    for end in open_ends:
        end.close()


@pytest.mark.parametrize(
    ("said", "urgent"),
    [
        (b"POST /exam/save/ HTTP/1.1\r\nHost: x\r\n", True),
        (b"POST /exam/submit/ HTTP/1.1\r\n", True),
        (b"POST /api/v1/me/save/ HTTP/1.1\r\n", True),
        (b"POST /exam/paper/ HTTP/1.1\r\n", True),
        (b"POST /exam/paper/?from=cover HTTP/1.1\r\n", True),
        (b"GET /healthz HTTP/1.1\r\n", True),
        (b"GET /exam/paper/ HTTP/1.1\r\n", False),
        (b"GET /exam/submit/ HTTP/1.1\r\n", False),
        (b"GET /exam/receipt/ HTTP/1.1\r\n", False),
        (b"GET / HTTP/1.1\r\n", False),
        (b"GET /?next=/exam/save/ HTTP/1.1\r\n", False),
        (b"POST /enter/ HTTP/1.1\r\n", False),
        (b"\x16\x03\x01\xff\xfe", False),
        (b"", False),
    ],
)
def test_the_first_line_says_who_hurries_and_stays_to_be_read(connect, said, urgent):
    conn = connect(said)
    assert asks_urgently(conn) is urgent
    if said:
        assert conn.sock.recv(100) == said


def test_what_cannot_be_seen_hurries_nobody(connect):
    encrypted = connect(b"POST /exam/save/ HTTP/1.1\r\n", is_ssl=True)
    gone = connect(b"")
    gone.browser.close()
    closed = connect(b"POST /exam/save/ HTTP/1.1\r\n")
    closed.sock.close()
    assert [asks_urgently(one) for one in (encrypted, gone, closed)] == [False, False, False]


SAVE = b"POST /exam/save/ HTTP/1.1\r\n"
PAGE = b"GET /exam/paper/ HTTP/1.1\r\n"


def served(connect, said):
    """In which order these are served that came in this one, by their places."""
    order, conns = ServingOrder(), [connect(one) for one in said]
    for conn in conns:
        order.put(conn)
    return [conns.index(order.take()) for _ in conns]


def test_saves_go_first_and_everybody_else_in_the_order_of_their_arrival(connect):
    assert served(connect, [PAGE, SAVE, PAGE, SAVE]) == [1, 3, 0, 2]


def test_every_fourth_turn_is_the_others(connect):
    assert served(connect, [SAVE, SAVE, SAVE, SAVE, SAVE, PAGE, PAGE]) == [0, 1, 2, 5, 3, 4, 6]


def test_a_turn_that_nobody_else_wants_is_a_saves(connect):
    assert served(connect, [SAVE] * 5) == [0, 1, 2, 3, 4]
    assert served(connect, [PAGE] * 5) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("POST", "submissions:save"),
        ("POST", "submissions:submit"),
        ("POST", "submissions:paper"),
        ("POST", "api:save"),
        ("POST", "api:submit"),
        ("GET", "healthz"),
        ("GET", "readyz"),
        ("GET", "metrics"),
    ],
)
def test_the_routes_that_hurry_are_there(method, name):
    """A route that gets another address has to be named anew, or its calls stand in line with all others."""
    assert is_urgent(method, reverse(name))


@pytest.mark.parametrize("name", ["submissions:submit", "submissions:receipt"])
def test_around_a_hand_in_nothing_hurries_and_nothing_is_refused(name):
    assert not is_urgent("GET", reverse(name))
    assert is_never_refused("GET", reverse(name))
