"""A PostgreSQL that takes statements and says nothing: its machine hangs, or the line swallows everything.

None of its own time-outs can fire then, and whoever asks would wait for ever, one thread after the other,
until no page is answered at all. So the web waits a little longer than `statement_timeout` and gives up; from
then on everybody is told at once that it takes longer, while one of them tries every two seconds.
"""

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from psycopg.errors import ConnectionTimeout, OperationalError, _WaitTimeout

from apps.core.breaker import Breaker

Answer = TypeVar("Answer")
TRIAL_SECONDS = 2.0


class Silent(OperationalError):
    """The server was asked before and said nothing, or says nothing now. Nothing is known to be kept."""


class Server:
    """What this process knows of the server. `DATABASE_SILENCE` seconds are waited for; 0: without end."""

    def __init__(self, breaker: Breaker) -> None:
        self.breaker = breaker

    def hear(
        self, ask: Callable[[float | None], Answer], *, or_else: Callable[[], object] = lambda: None
    ) -> Answer:
        """What `ask` answers within the seconds it is given; else `or_else`, and `Silent`.

        Any answer will do, errors too.
        """
        if not settings.DATABASE_SILENCE:
            return ask(None)
        if self.breaker.is_open:
            raise Silent("The database said nothing a moment ago.")
        seconds = settings.DATABASE_SILENCE
        if self.breaker.is_resting:
            self.breaker.rest()  # one tries, the others go on being told
            seconds = min(seconds, TRIAL_SECONDS)
        try:
            answer = ask(seconds)
        except (_WaitTimeout, ConnectionTimeout) as error:
            self.breaker.trip()
            or_else()
            raise Silent(f"The database said nothing for {seconds:g} s.") from error
        except Exception:
            self.breaker.mend()
            raise
        self.breaker.mend()
        return answer


SERVER = Server(Breaker("postgresql", rest_seconds=TRIAL_SECONDS))
