"""Every view says who may come in; a test walks all routes and fails on one that does not.

A guard's name stands on the view as `view.guard`. The guard itself belongs to the app that knows the
people: contestants' in `apps.access.gate`, the staff's in the console. Here are only the names, and the
mark for pages that are for everybody.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from django.http import HttpResponseBase

Guard = Literal["public", "contestant", "staff", "token"]
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def guarded_by(guard: Guard) -> Callable[[View], View]:
    """Mark a view that checks for itself who asks: by contestant's cookie, staff's right, or bearer token."""

    def mark(view: View) -> View:
        # Set through __dict__ so that class-based views' functions and decorated ones are marked alike.
        view.__dict__["guard"] = guard
        return view

    return mark


def public(view: View) -> View:
    """Mark a view that anybody may open; the reason stands in the list of the test that walks the routes."""
    return guarded_by("public")(view)


def guard_of(view: Any) -> Guard | None:
    """The guard a view declared; Django's own decorators keep the mark (`functools.wraps`)."""
    guard: Guard | None = getattr(view, "guard", None)
    return guard
