"""Work that can wait until the answer is written: counting, noting who was heard."""

from collections.abc import Callable

from django.http.response import HttpResponseBase


def afterwards(response: HttpResponseBase, do: Callable[[], object]) -> None:
    """Have this done when the server closes the response, which it does after the last byte.

    So it costs whoever asked nothing. What it raises is dropped: the answer is out, and nobody is there
    to be told. A worker that is killed in between does not do it: only what may be lost belongs here.
    """
    # Django's own place for what is to be closed with a response; it has no public name.
    response._resource_closers.append(do)  # type: ignore[attr-defined]  # noqa: SLF001
