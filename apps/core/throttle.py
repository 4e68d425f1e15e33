"""Counting failures, per address, and the calls of programs, per user.

Of contestants only failures are counted: who succeeds is never slowed. A school sits behind one address, so
an address is not a person. Counters live in Redis and, while that does not answer, in the process: less exact
with several processes, and good enough to make guessing slow.
"""

import ipaddress
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from apps.core import breaker, metrics

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MOST_REMEMBERED = 10_000
UNKNOWN = "unknown"
IPV6_SITE_BITS = 64  # one line of a provider; its owner changes the rest at will


class Throttle:
    """At most `limit` per name and window; the next ones are told how long to wait."""

    def __init__(self, name: str, *, limit: int, window_seconds: int = 60) -> None:
        self.name = name
        self.limit = limit
        self.window_seconds = window_seconds
        self.remembered: Counter[str] = Counter()
        self.remembered_window = 0

    def count(self, whose: str, *, now: datetime) -> int | None:
        """Count one more. None within the limit; beyond it, the seconds until the window ends."""
        window, passed = divmod(int(now.timestamp()), self.window_seconds)
        # A count that lies far below what this process saw means that Redis was emptied meanwhile.
        count = max(
            breaker.redis.call(lambda: self.count_in_cache(whose, window), instead=lambda: 0),
            self.count_in_memory(whose, window),
        )
        if count <= self.limit:
            return None
        metrics.THROTTLED.labels(self.name).inc()
        return self.window_seconds - passed

    def count_in_cache(self, whose: str, window: int) -> int:
        key = f"throttle:{self.name}:{whose}:{window}"
        cache.add(key, 0, timeout=2 * self.window_seconds)
        try:
            return cache.incr(key)
        except ValueError:
            # Evicted between the two: Redis is full, not broken. What this process saw still counts.
            return 0

    def count_in_memory(self, whose: str, window: int) -> int:
        if window != self.remembered_window or len(self.remembered) > MOST_REMEMBERED:
            self.remembered, self.remembered_window = Counter(), window
        self.remembered[whose] += 1
        return self.remembered[whose]


class FailureThrottle(Throttle):
    """At most `limit` failures per address and window."""

    def count_failure(self, address: str, *, now: datetime) -> int | None:
        return self.count(address, now=now)


def client_address(request: HttpRequest) -> str:
    """Where a request comes from, as a key for counting."""
    return counted_as(origin(request))


def origin(request: HttpRequest) -> str:
    """The address a request comes from.

    `X-Forwarded-For` is believed only as far as our own proxies wrote it: read from the right, the first
    address that is not one of them. Anything further left is whatever the client likes to claim.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    proxies = trusted_networks(tuple(settings.TRUSTED_PROXIES))
    claims = [claim.strip() for claim in request.headers.get("X-Forwarded-For", "").split(",") if claim]
    while claims and is_among(address, proxies):
        address = claims.pop()
    return address.strip()


@lru_cache(maxsize=4)
def trusted_networks(proxies: tuple[str, ...]) -> Sequence[Network]:
    return [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]


def is_among(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def counted_as(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_SITE_BITS), strict=False).network_address)
    return str(parsed)
