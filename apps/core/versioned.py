"""What many people read and few people change, kept under the version that it has in the database.

Nothing is ever invalidated: whoever reads knows from the database which version is the current one, and an
older one is simply not asked for any more. So a copy may stand in every process, and in Redis, for as long
as there is room, and no process has to hear of a change.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings
from django.core.cache import cache

from apps.core import breaker, metrics

EXPIRES_SECONDS = 24 * 3600
MOST_HELD = 32


class Versioned(Protocol):
    """Content that knows which version it is: read in one statement with the content itself."""

    @property
    def version(self) -> int: ...


Thing = TypeVar("Thing")
Content = TypeVar("Content", bound=Versioned)


class Recent(Generic[Thing]):
    """The things of this process that were wanted last; never more than `most`."""

    def __init__(self, *, most: int = MOST_HELD) -> None:
        self.most = most
        self.held: OrderedDict[Hashable, Thing] = OrderedDict()
        self.lock = Lock()

    def get(self, key: Hashable) -> Thing | None:
        with self.lock:
            if key in self.held:
                self.held.move_to_end(key)
            return self.held.get(key)

    def put(self, key: Hashable, thing: Thing) -> None:
        with self.lock:
            self.held[key] = thing
            self.held.move_to_end(key)
            while len(self.held) > self.most:
                self.held.popitem(last=False)

    def clear(self) -> None:
        with self.lock:
            self.held.clear()


class VersionedCache(Generic[Content]):
    """Content by its subject and version: from this process, then from Redis, then from the database.

    `load` reads it from the database, in ONE statement with its version: a version read before an edit and
    content read after it would put the new content under the old version. What it returns is kept under the
    version that came with it, which may be newer than the one asked for, never older.
    `write` makes plain lists, texts and numbers of it for Redis, `read` the content of those; nothing that
    comes from Redis is ever run (no pickles).
    """

    def __init__(
        self,
        name: str,
        *,
        load: Callable[[int], Content | None],
        write: Callable[[Content], Any],
        read: Callable[[Any], Content],
    ) -> None:
        self.name = name
        self.load = load
        self.write = write
        self.read = read
        self.recent: Recent[Content] = Recent()

    def get(self, subject: int, version: int) -> Content | None:
        """The content at this version or, if it was changed at this very moment, a newer one."""
        held = self.recent.get((subject, version))
        if held is not None:
            metrics.READ_FROM["memory"].inc()
            return held
        content = breaker.redis.call(lambda: self.from_redis(subject, version), instead=lambda: None)
        metrics.READ_FROM["database" if content is None else "redis"].inc()
        if content is None:
            content = self.load(subject)
            if content is not None:
                self.to_redis(subject, content)
        if content is not None:
            self.recent.put((subject, content.version), content)
        return content

    def from_redis(self, subject: int, version: int) -> Content | None:
        tree = cache.get(self.key(subject, version))
        content = None if tree is None else self.read(tree)
        return content if content is not None and content.version == version else None

    def to_redis(self, subject: int, content: Content) -> None:
        tree, key = self.write(content), self.key(subject, content.version)
        breaker.redis.call(
            lambda: cache.set(key, tree, timeout=EXPIRES_SECONDS),
            instead=lambda: None,
        )

    def key(self, subject: int, version: int) -> str:
        """With the release: another one may hold other things, or the same things otherwise."""
        return f"{self.name}:{settings.VERSION}:{subject}:{version}"
