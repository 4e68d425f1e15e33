"""How long the request that this thread serves has waited for a thread: the worker notes it."""

import threading

noted = threading.local()


def note(seconds: float) -> None:
    noted.seconds = seconds


def waited() -> float:
    """0 where nobody notes it (another server, a test client): then nothing is ever too late."""
    seconds: float = getattr(noted, "seconds", 0.0)
    return seconds
