"""The bad line: each of its faults, on a server that answers every line with the same line."""

import contextlib
import socket
import socketserver
import threading
import time

import pytest

from chaos.proxy import Proxy


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.server.heard.append(line)
            self.wfile.write(line)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Connections break here: that is what is tested."""


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Echo) as echo:
        echo.heard = []
        thread = threading.Thread(target=echo.serve_forever, args=(0.05,))
        thread.start()
        yield echo
        echo.shutdown()
        thread.join()


@pytest.fixture
def proxy(server):
    with Proxy(0, server.server_address[1], seed=1) as line:
        yield line


@pytest.fixture
def connect(proxy):
    opened = []

    def one(timeout=5.0):
        client = socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout)
        opened.append(client)
        return client

    yield one
    for client in opened:
        client.close()


def ask(client, line=b"hello\n"):
    client.sendall(line)
    return client.recv(1 << 16)


def test_a_good_line_passes_everything(proxy, connect):
    client = connect()
    assert [ask(client), ask(client, b"again\n")] == [b"hello\n", b"again\n"]
    assert (proxy.counts.connections, proxy.counts.responses) == (1, 2)


def test_a_unix_socket_will_do(server, tmp_path):
    with Proxy(tmp_path / "line", server.server_address[1]), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(tmp_path / "line"))
        assert ask(client) == b"hello\n"
    assert not (tmp_path / "line").exists()


def test_a_dropped_response_was_asked_for_and_never_comes(proxy, server, connect):
    proxy.faults.drop_share = 1
    with pytest.raises(ConnectionResetError):
        ask(connect())
    assert server.heard == [b"hello\n"]
    assert proxy.counts.dropped == 1


def test_a_reset_request_never_arrives(proxy, server, connect):
    proxy.faults.reset_share = 1
    with pytest.raises(ConnectionResetError):
        ask(connect())
    assert server.heard == []
    assert proxy.counts.resets == 1


def test_latency_is_waited_for_and_heals(proxy, connect):
    client = connect()
    proxy.faults.latency = 0.3
    began = time.monotonic()
    ask(client)
    slow = time.monotonic() - began
    proxy.heal()
    assert slow >= 0.3
    assert proxy.faults.latency == 0
    assert ask(client) == b"hello\n"


def test_a_narrow_line_takes_its_time(proxy, connect):
    proxy.faults.bytes_per_second = 1000
    began = time.monotonic()
    ask(connect(), b"x" * 149 + b"\n")
    assert time.monotonic() - began >= 0.3  # there and back


def test_a_black_hole_says_nothing_until_it_is_healed(proxy, connect):
    client = connect(timeout=0.3)
    proxy.faults.is_black_hole = True
    with pytest.raises(TimeoutError):
        ask(client)
    proxy.heal()
    client.settimeout(5)
    assert client.recv(100) == b"hello\n"


def test_after_the_most_bytes_the_connection_breaks(proxy, connect):
    proxy.faults.most_bytes = 8
    client = connect()
    assert ask(client) == b"hello\n"
    with pytest.raises(ConnectionResetError):
        ask(client)


def test_cut_breaks_what_there_is_and_down_refuses_what_comes(proxy, connect):
    client = connect()
    ask(client)
    proxy.faults.is_down = True
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        client.recv(100)
    refused = connect()
    refused.settimeout(5)
    with contextlib.suppress(ConnectionResetError):
        assert refused.recv(100) == b""
    proxy.heal()
    assert ask(connect()) == b"hello\n"


def test_a_server_that_closes_is_heard_of(proxy, server, connect):
    client = connect()
    client.sendall(b"last\n")
    client.shutdown(socket.SHUT_WR)
    heard = b""
    while data := client.recv(100):
        heard += data
    assert heard in {b"last\n", b""}  # whoever closes its own end is not owed the rest


def test_a_server_that_is_away_ends_the_connection():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with Proxy(0, port) as line, socket.create_connection(("127.0.0.1", line.port), timeout=5) as client:
        assert client.recv(100) == b""
