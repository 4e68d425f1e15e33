"""Failures are counted per address, in Redis, or without it in the process."""

import socket
import threading
import time
from datetime import timedelta

import pytest
from django.core.cache import cache, caches
from django.test import override_settings

from apps.core import breaker
from apps.core.throttle import MOST_REMEMBERED, FailureThrottle, client_address


@pytest.fixture(autouse=True)
def _fresh_breaker(monkeypatch):
    monkeypatch.setattr(breaker, "redis", breaker.Breaker(rest_seconds=60))


@pytest.fixture
def throttle():
    return FailureThrottle("test", limit=3)


def redis_at(url):
    return {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": url,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.2, "SOCKET_TIMEOUT": 0.2},
        }
    }


@pytest.fixture
def frozen_redis():
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []
        stop = threading.Event()

        def hold():
            server.settimeout(0.05)
            while not stop.is_set():
                try:
                    held.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=hold)
        thread.start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        stop.set()
        thread.join()
        for connection in held:
            connection.close()


def test_count_failure_tells_to_wait_beyond_the_limit(throttle, now):
    assert [throttle.count_failure("a", now=now) for _ in range(3)] == [None] * 3
    assert throttle.count_failure("a", now=now) == 60
    assert throttle.count_failure("a", now=now + timedelta(seconds=25)) == 35


def test_count_failure_counts_each_address_and_each_window_alone(throttle, now):
    for _ in range(4):
        throttle.count_failure("a", now=now)
    assert throttle.count_failure("b", now=now) is None
    assert throttle.count_failure("a", now=now + timedelta(minutes=1)) is None


def test_count_failure_is_shared_by_processes_through_redis(now):
    # Two objects know nothing of each other, like two processes.
    first, second = FailureThrottle("test", limit=3), FailureThrottle("test", limit=3)
    for throttle in (first, second, first):
        assert throttle.count_failure("a", now=now) is None
    assert second.count_failure("a", now=now) == 60


def test_count_failure_goes_on_counting_after_a_flush(throttle, now):
    for _ in range(4):
        throttle.count_failure("a", now=now)
    cache.clear()
    assert throttle.count_failure("a", now=now) == 60


def test_count_failure_works_with_redis_stopped(throttle, now):
    with override_settings(CACHES=redis_at("redis://127.0.0.1:1/0")):
        assert [throttle.count_failure("a", now=now) for _ in range(4)] == [None, None, None, 60]
        assert breaker.redis.is_open


def test_a_counter_that_was_evicted_is_no_fault_of_redis(throttle, now, monkeypatch):
    """A full Redis may drop a counter at any moment; what the process itself saw counts on."""
    monkeypatch.setattr(cache, "add", lambda *_, **__: True)
    answers = [throttle.count_failure("10.0.0.1", now=now) for _ in range(4)]
    assert [seconds is None for seconds in answers] == [True, True, True, False]
    assert not breaker.redis.is_open


def test_count_failure_waits_for_a_frozen_redis_once(throttle, now, frozen_redis):
    with override_settings(CACHES=redis_at(frozen_redis)):
        started = time.monotonic()
        assert [throttle.count_failure("a", now=now) for _ in range(4)] == [None, None, None, 60]
        assert time.monotonic() - started < 1.5
        caches["default"].close()


def test_memory_of_addresses_is_bounded(throttle, now):
    breaker.redis.rest()
    for number in range(MOST_REMEMBERED + 10):
        throttle.count_failure(str(number), now=now)
    assert len(throttle.remembered) <= MOST_REMEMBERED + 1


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        # Nobody but our proxy is believed.
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        # What the client claims stands further left than what our proxies wrote.
        ("10.0.0.1", "192.0.2.9, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "unknown"),
        ("", None, "unknown"),
        ("2001:db8:1:2:aaaa::1", None, "2001:db8:1:2::"),
        ("::ffff:203.0.113.7", None, "203.0.113.7"),
    ],
)
@override_settings(TRUSTED_PROXIES=["10.0.0.0/24"])
def test_client_address_believes_our_proxies_alone(rf, peer, forwarded, address):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert client_address(rf.get("/", headers=headers, REMOTE_ADDR=peer)) == address


def test_client_address_believes_nobody_by_default(rf):
    request = rf.get("/", headers={"X-Forwarded-For": "198.51.100.1"}, REMOTE_ADDR="10.0.0.1")
    assert client_address(request) == "10.0.0.1"
