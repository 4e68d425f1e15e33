"""Running things at the same time, each with database connections of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction

PATIENCE_SECONDS = 20


class Racer(threading.Thread):
    """One call in a thread; `result()` waits for it and gives its value or raises what it raised."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.call = call
        self.value: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.value = self.call()
        except BaseException as error:  # noqa: BLE001 - told by `result()`
            self.error = error
        finally:
            connections.close_all()

    def result(self) -> Any:
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive(), "a racer never came to an end"
        if self.error is not None:
            raise self.error
        return self.value


def race(*calls: Callable[[], Any]) -> list[Racer]:
    """Start all calls at one moment and wait for all of them."""
    barrier = threading.Barrier(len(calls))

    def started(call: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            barrier.wait(PATIENCE_SECONDS)
            return call()

        return run

    racers = [Racer(started(call)) for call in calls]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(PATIENCE_SECONDS)
    return racers


@contextmanager
def locked(queryset: Any) -> Iterator[None]:
    """Hold the rows' locks meanwhile, as a slow transaction of somebody else would."""
    with transaction.atomic():
        assert list(queryset.select_for_update().values_list("pk", flat=True)), "nothing to lock"
        yield


def wait_for_waiters(count: int) -> None:
    """Return when so many sessions of this database wait for a lock."""
    with connections["default"].cursor() as cursor:
        for _ in range(400):
            # Within a transaction the list of sessions is read once and kept; we want to see it change.
            cursor.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= count:
                return
    raise AssertionError(f"{count} sessions never waited for a lock")
