"""Who was heard lately, in Redis: a help for the live view, and never the only copy of anything."""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache

from apps.core import breaker

EVERY_SECONDS = 20
KEPT_SECONDS = 15 * 60
MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Heard:
    """When each was heard last; whoever is missing was not heard since `since`."""

    at: Mapping[int, datetime]
    since: datetime


class Presence:
    """Notes by number who was heard, at most every 20 s each and process, and not while Redis rests.

    `since` is when the notes begin: a Redis that was emptied or away knows nobody, which must not look as
    if nobody were there.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.noted: dict[int, float] = {}
        self.missed = False

    def note(self, who: int) -> None:
        moment = time.monotonic()
        if not settings.REDIS_URL or moment - self.noted.get(who, -math.inf) < EVERY_SECONDS:
            return
        if breaker.redis.call(lambda: self.write(who), instead=lambda: False):
            if len(self.noted) >= MOST_REMEMBERED:
                self.noted.clear()
            self.noted[who] = moment
        else:
            self.missed = True

    def write(self, who: int) -> bool:
        now = time.time()
        cache.set(self.key(who), now, timeout=KEPT_SECONDS)
        if self.missed:
            cache.set(self.key("since"), now, timeout=None)
            self.missed = False
        else:
            cache.add(self.key("since"), now, timeout=None)
        return True

    def heard(self, whom: Iterable[int]) -> Heard | None:
        """When these were heard last; None where that is not known, with Redis away or just emptied."""
        if not settings.REDIS_URL:
            return None
        names = {self.key(one): one for one in whom}
        since = self.key("since")
        nothing: dict[str, float] = {}
        found = breaker.redis.call(lambda: cache.get_many([since, *names]), instead=lambda: nothing)
        if since not in found:
            return None
        at = {names[key]: moment(value) for key, value in found.items() if key != since}
        return Heard(at=at, since=moment(found[since]))

    def key(self, who: int | str) -> str:
        return f"heard:{self.name}:{who}"


def moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, tz=UTC)
