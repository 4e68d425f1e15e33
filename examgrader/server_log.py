"""gunicorn's own log, without a line for each request."""

import sys
from typing import Any

from gunicorn.glogging import Logger


class ServerLog(Logger):  # type: ignore[misc]
    """gunicorn logs every request as soon as it is given a logging configuration, `accesslog = None` or not.

    `request_log` tells requests already, by their route: the raw address may hold a receipt's code. And a
    save that was kept gets no line.
    """

    def access(self, *_: Any) -> None:
        pass

    def exception(self, msg: str, *arguments: Any, **named: Any) -> None:
        """A line that was too slow is nobody's fault here (slow_lines.py)."""
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.info("A connection is closed: its other side neither read nor wrote for too long.")
        else:
            super().exception(msg, *arguments, **named)
