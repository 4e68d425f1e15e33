"""Content under its version: in the process, in Redis, in the database."""

from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.test import override_settings

from apps.core import breaker
from apps.core.breaker import Breaker
from apps.core.versioned import Recent, VersionedCache


@dataclass(frozen=True)
class Text:
    version: int
    words: str


class Database:
    """One text by its version; counts how often it is read."""

    def __init__(self):
        self.held = Text(1, "first")
        self.reads = 0

    def load(self, subject):
        self.reads += 1
        return self.held if subject == 7 else None


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def open_process(database):
    """A cache as each process has one; all of them have the same Redis."""
    return lambda: VersionedCache(
        "text",
        load=database.load,
        write=lambda text: [text.version, text.words],
        read=lambda tree: Text(*tree),
    )


@pytest.fixture(autouse=True)
def _breaker(monkeypatch):
    monkeypatch.setattr(breaker, "redis", Breaker())


def test_get_reads_the_database_once_for_all_processes(open_process, database):
    first, second = open_process(), open_process()
    assert [first.get(7, 1), first.get(7, 1), second.get(7, 1)] == [Text(1, "first")] * 3
    assert database.reads == 1


def test_get_never_answers_with_an_older_version(open_process, database):
    first, second = open_process(), open_process()
    first.get(7, 1)
    database.held = Text(2, "second")
    assert [first.get(7, 2), second.get(7, 2)] == [Text(2, "second")] * 2


def test_get_keeps_what_was_changed_at_that_moment_under_its_own_version(open_process, database):
    """Asked for 1, the database holds 2 already: nothing may stand under 1 that is not 1."""
    process = open_process()
    database.held = Text(2, "second")
    assert process.get(7, 1) == Text(2, "second")
    assert process.recent.get((7, 1)) is None
    assert cache.get(process.key(7, 1)) is None
    assert cache.get(process.key(7, 2)) == [2, "second"]


def test_get_is_none_for_what_the_database_does_not_hold(open_process):
    assert open_process().get(8, 1) is None


@pytest.mark.parametrize("tree", [[2, "another version"], ["too", "many", "columns"], "no list", {}, 7])
def test_get_believes_no_nonsense_from_redis(open_process, database, tree):
    process = open_process()
    cache.set(process.key(7, 1), tree)
    assert process.get(7, 1) == Text(1, "first")
    assert database.reads == 1


def test_get_goes_without_redis(open_process, database, monkeypatch):
    def fail(*_, **__):
        raise TimeoutError

    monkeypatch.setattr(cache, "get", fail)
    monkeypatch.setattr(cache, "set", fail)
    process = open_process()
    assert [process.get(7, 1), process.get(7, 1)] == [Text(1, "first")] * 2
    assert database.reads == 1


def test_another_release_has_keys_of_its_own(open_process):
    process = open_process()
    before = process.key(7, 1)
    with override_settings(VERSION="another"):
        assert process.key(7, 1) != before


def test_nothing_from_redis_is_ever_unpickled():
    """Whoever can write to Redis could otherwise run code in every web process."""
    cache.set("tree", [1, "two", None])
    assert cache.client.get_client().get(cache.make_key("tree")) == b'[1, "two", null]'


def test_recent_forgets_what_was_wanted_longest_ago():
    recent = Recent(most=2)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.get("a")
    recent.put("c", 3)
    assert [recent.get(key) for key in "abc"] == [1, None, 3]
