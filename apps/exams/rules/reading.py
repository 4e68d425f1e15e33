"""Reading a tree of plain values (from YAML or JSON) field by field, with every fault named by its place."""

import difflib
import re
import zoneinfo
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from apps.exams.rules.zones import known_zones

# What neither a database nor a page takes: NUL, and half a surrogate pair.
_UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")
# A time elsewhere is a slip of the keyboard; at the ends of the calendar other zones cannot even show it.
_FIRST_YEAR, _LAST_YEAR = 1990, 2199
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: a path such as `problems[3].accepted`, perhaps with a line of its text."""

    place: str
    message: str
    text_line: int | None = None


class Fields:
    """One mapping of the tree. A reader notes a fault and returns a stand-in: so all faults are found."""

    def __init__(self, value: object, place: str, faults: list[Fault], allowed: Collection[str]) -> None:
        self.place = place
        self.faults = faults
        self._values: dict[str, Any] = {}
        self._is_mapping = isinstance(value, dict)
        if not isinstance(value, dict):
            self.faults.append(Fault(place, "expected a mapping of keys to values"))
            return
        for key, held in value.items():
            if key in allowed:
                self._values[key] = held
            else:
                similar = difflib.get_close_matches(str(key), allowed, n=1)
                hint = f"; did you mean {similar[0]}?" if similar else ""
                self._note(str(key), f"unknown key{hint}")

    def has(self, key: str) -> bool:
        return self._values.get(key) is not None

    def fault(self, key: str, message: str) -> None:
        self._note(key, message)

    def is_faulty(self, key: str) -> bool:
        """Whether something was noted at a key or below it."""
        return any(fault.place.startswith(self._path(key)) for fault in self.faults)

    def text(self, key: str, *, limit: int | None = None, default: str | None = None) -> str:
        value = self._values.get(key)
        if value is None:
            return self._missing(key) if default is None else default
        text = _as_text(value)
        if text is None:
            self._note(key, "expected text; put it in quotes")
            return ""
        if default is None and not text.strip():
            self._note(key, "must not be blank")
        if _UNSPEAKABLE.search(text):
            self._note(key, "holds a NUL or another character that is no text")
        if limit is not None and len(text) > limit:
            self._note(key, f"longer than {limit} characters")
        return text

    def one_of(self, key: str, options: Collection[str], *, default: str | None = None) -> str:
        text = self.text(key, default=default)
        if text not in options and self.has(key):
            self._note(key, f"“{text}” is none of {', '.join(options)}")
        return text

    def integer(self, key: str, *, low: int, high: int, default: int | None = None) -> int:
        value = self._values.get(key)
        if value is None:
            if default is None:
                self._missing(key)
            return low if default is None else default
        text = _as_text(value) or ""
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            self._note(key, f"expected a whole number from {low} to {high}")
            return low
        return int(text)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self._note(key, "expected true or false")
            return default
        return value

    def points(self, key: str) -> Decimal:
        text = self.text(key)
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,2})?", text) or not 0 < Decimal(text) <= 1000:  # noqa: PLR2004
            if self.has(key):
                self._note(key, "expected points above 0 and up to 1000, with at most two decimals")
            return Decimal(1)
        return Decimal(text)

    def zone(self, key: str, *, default: str | None = None) -> str:
        name = self.text(key, default=default)
        if name and name not in known_zones():
            self._note(key, f"“{name}” is not a time zone; an example is Europe/Berlin")
            return ""
        return name

    def moment(self, key: str, zone: str, *, required: bool = True) -> datetime | None:
        """A time with its offset, which must be the zone's own at that moment (or UTC's)."""
        value = self._values.get(key)
        if value is None:
            if required:
                self._missing(key)
            return None
        text = value.isoformat() if isinstance(value, datetime) else _as_text(value) or ""
        if not _TIME.fullmatch(text):
            self._note(key, "expected a time such as 2026-03-14T15:00:00+01:00")
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self._note(key, f"{text} is no moment of the calendar")
            return None
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            self._note(key, f"expected a year from {_FIRST_YEAR} to {_LAST_YEAR}")
            return None
        if fault := _fault_of_offset(moment, zone):
            self._note(key, fault)
            return None
        return moment.astimezone(UTC)

    def texts(self, key: str, *, limit: int) -> tuple[str, ...]:
        out = []
        for index, value in enumerate(self._list(key)):
            text = _as_text(value)
            if text is None or not text.strip():
                self._note(f"{key}[{index}]", "expected text that is not blank; put it in quotes")
            elif _UNSPEAKABLE.search(text):
                self._note(f"{key}[{index}]", "holds a NUL or another character that is no text")
            elif len(text) > limit:
                self._note(f"{key}[{index}]", f"longer than {limit} characters")
            else:
                out.append(text)
        return tuple(out)

    def each(self, key: str, allowed: Collection[str]) -> Iterator["Fields"]:
        for index, value in enumerate(self._list(key)):
            yield Fields(value, f"{self._path(key)}[{index}]", self.faults, allowed)

    def _list(self, key: str) -> list[Any]:
        value = self._values.get(key)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            self._note(key, "expected a list")
            return []
        return list(value)

    def _missing(self, key: str) -> str:
        self._note(key, "is missing")
        return ""

    def _note(self, key: str, message: str) -> None:
        # Of what is no mapping at all, nothing more is said.
        if self._is_mapping:
            self.faults.append(Fault(self._path(key), message))

    def _path(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place and key else self.place or key


def _as_text(value: object) -> str | None:
    """Numbers are taken as they are written; what YAML reads as true or as a fraction is not guessed at."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return None


def _fault_of_offset(moment: datetime, zone: str) -> str | None:
    """What is wrong with the offset, if anything.

    A local time alone is refused: twice a year it means two moments or none. An offset that the zone does not
    have then is refused as well: it is the mark of a time that daylight saving skips, or of the wrong season.
    """
    if not zone:
        return None
    here = zoneinfo.ZoneInfo(zone)
    if moment.tzinfo is None:
        local = moment.replace(tzinfo=here)
        if local.astimezone(UTC).astimezone(here).replace(tzinfo=None) != moment:
            return f"a time without an offset, and one that daylight saving skips in {zone}"
        return f"a time without an offset; did you mean {local.isoformat()}?"
    true = moment.astimezone(here)
    if moment.utcoffset() in {true.utcoffset(), UTC.utcoffset(None)}:
        return None
    return f"in {zone} this moment is {true.isoformat()}; write that, or the time in UTC"
