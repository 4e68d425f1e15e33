"""What is written to stderr: one event per line, without a key, an answer, a token or a name.

JSON for machines, or lines to read on a terminal. gunicorn.conf.py and the settings use the same tree, and
nothing here needs Django. What other libraries would say is let through only as far as it quotes nobody.
"""

import os
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog

Event = MutableMapping[str, Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

# What these say of a request quotes its path, which may hold a receipt's code, or whatever somebody sent.
# Our own line of each request says what may be said, by the route's name.
QUOTING = ("django.request", "django.server", "django.template", "django.csrf")
FILLED_IN = re.compile(r"[:%=\"']")  # where a wording begins to be filled in
# Their INFO names people and addresses, or shows SQL with its values.
QUIET = {
    "axes": "ERROR",
    "environ": "WARNING",
    "django.db.backends": "WARNING",
    "django.template": "INFO",
    "PIL": "INFO",
}


def chosen_form(*, debug: bool = False) -> str:
    """LOG_FORM, else lines for somebody who looks on, else JSON."""
    return os.environ.get("LOG_FORM") or ("lines" if debug or sys.stderr.isatty() else "json")


def tree(form: str, level: str) -> dict[str, Any]:
    """A configuration for `logging.config.dictConfig`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"event": {"()": formatter, "form": form}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "event"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django and gunicorn bring handlers of their own; everything goes through ours.
            **{name: {"handlers": [], "propagate": True} for name in ("django", "django.server")},
            **{name: {"handlers": [], "propagate": True} for name in ("gunicorn.error", "gunicorn.access")},
            **{name: {"level": limit} for name, limit in QUIET.items()},
        },
    }


def formatter(form: str) -> structlog.stdlib.ProcessorFormatter:
    shown = (
        [structlog.processors.EventRenamer("event"), structlog.processors.JSONRenderer(sort_keys=False)]
        if form == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[quote_nobody],
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.contextvars.merge_contextvars,
            tell_exceptions,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            one_line,
            *shown,
        ],
    )


def quote_nobody(_: Any, __: str, event: Event) -> Event:
    """A library's event that may quote a request: only the beginning of its wording is kept."""
    record = event["_record"]
    wording = str(record.msg)
    if record.name.startswith(QUOTING) or (record.name == "gunicorn.error" and "request" in wording):
        event["event"] = FILLED_IN.split(wording)[0].strip()
    if record.name.startswith("django.security"):
        event["event"] = "a suspicious request"
    return event


def tell_exceptions(_: Any, __: str, event: Event) -> Event:
    """Where it happened and of which kind; what it says only where that cannot quote an answer.

    The message of a ValueError or of a violated constraint holds the value that was refused. DEBUG has a
    page for those.
    """
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if isinstance(found, tuple) and found[0] is not None:
        event["exception"] = told_exception(found)
    return event


def told_exception(found: ExcInfo) -> str:
    kind, error, _ = found
    name = f"{kind.__module__}.{kind.__qualname__}"
    state = getattr(error.__cause__, "sqlstate", None) or getattr(error, "sqlstate", None)
    frames = [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-12:]
    ]
    said = f": {str(error).splitlines()[0][:200]}" if is_about_the_line(kind) and str(error) else ""
    return f"{name}{f' ({state})' if state else ''}{said} at {' < '.join(reversed(frames))}"


def is_about_the_line(kind: type[BaseException]) -> bool:
    """A connection that broke or timed out, a port that is taken: what these say quotes nobody."""
    return kind.__name__ in ("OperationalError", "InterfaceError") or issubclass(kind, ConnectionError)


def one_line(_: Any, __: str, event: Event) -> Event:
    """No text makes a second line or moves the cursor: whoever could do that could forge an event."""
    for key, value in event.items():
        event[key] = escaped(value)
    return event


def escaped(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in value)
    if isinstance(value, Mapping):
        return {key: escaped(inner) for key, inner in value.items()}
    return value if isinstance(value, bool | int | float | None) else escaped(str(value))


# Events of our own go the way of all others, through the formatter.
structlog.configure(
    processors=[structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
