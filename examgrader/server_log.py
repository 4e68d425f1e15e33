"""gunicorn's own log, without a line for each request."""

from typing import Any

from gunicorn.glogging import Logger


class ServerLog(Logger):  # type: ignore[misc]
    """gunicorn logs every request as soon as it is given a logging configuration, `accesslog = None` or not.

    `request_log` tells requests already, by their route: the raw address may hold a receipt's code. And a
    save that was kept gets no line.
    """

    def access(self, *_: Any) -> None:
        pass
