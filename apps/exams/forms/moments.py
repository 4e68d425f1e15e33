"""Times as the clocks of some place show them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.utils import timezone


class LocalMomentInput(forms.DateTimeInput):
    """The browser's own control; seconds stand there only where a time has some."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat(timespec="seconds" if value.second else "minutes")
        return super().format_value(value)


class LocalMomentField(forms.DateTimeField):
    """A time as the clocks of some place show it; which place, only the form knows."""

    widget = LocalMomentInput

    def to_python(self, value: Any) -> Any:
        with timezone.override(UTC):
            moment = super().to_python(value)
        return moment.replace(tzinfo=None) if isinstance(moment, datetime) else moment


def zone_of(name: str) -> ZoneInfo:
    """The zone of a name; UTC stands in for one that the form refuses anyway, beside its own field."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def moment_of(local: datetime, zone: str) -> datetime:
    """The moment at which the clocks of a zone show a time, if there is exactly one."""
    here = zone_of(zone)
    first, second = (local.replace(tzinfo=here, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if first.astimezone(here).replace(tzinfo=None) != local:
        text = "In %(zone)s the clocks skip this time: they go forward then."
    else:
        text = "In %(zone)s the clocks show this time twice: they go back then. Choose another one."
    raise forms.ValidationError(text, params={"zone": zone})
