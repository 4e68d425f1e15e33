"""What changed from one publication of an exam's results to another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One contestant's line of a publication; `points` by problem number, None where there are none."""

    number: str
    name: str
    status: str
    rank: int | None
    total: Decimal | None
    points: Mapping[int, str | None]


@dataclass(frozen=True, slots=True)
class PointsChange:
    number: int
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A contestant whose line is not the same; None where they were not in that publication."""

    before: Line | None
    after: Line | None
    problems: Sequence[PointsChange]

    @property
    def contestant(self) -> Line | None:
        return self.after or self.before


@dataclass(frozen=True, slots=True)
class Comparison:
    """`moved`: their own points are the same, their rank is not, because somebody else's total changed."""

    changed: Sequence[Change]
    moved: Sequence[Change]
    same_count: int

    @property
    def is_nothing(self) -> bool:
        return not (self.changed or self.moved)


def compare(before: Mapping[int, Line], after: Mapping[int, Line]) -> Comparison:
    """Both by registration; whoever stands higher now comes first, the unranked last."""
    changed, moved, same_count = [], [], 0
    for registration_id in {**after, **before}:
        old, new = before.get(registration_id), after.get(registration_id)
        change = Change(old, new, list(changes_of_points(old, new)))
        if (
            old is None
            or new is None
            or change.problems
            or (old.total, old.status) != (new.total, new.status)
        ):
            changed.append(change)
        elif old.rank != new.rank:
            moved.append(change)
        else:
            same_count += 1
    return Comparison(sorted(changed, key=place_of), sorted(moved, key=place_of), same_count)


def changes_of_points(old: Line | None, new: Line | None) -> Iterator[PointsChange]:
    """Problem by problem; nothing of a line that only one of the two has."""
    if old is None or new is None:
        return
    for number in sorted({**old.points, **new.points}):
        change = PointsChange(number, old.points.get(number), new.points.get(number))
        if change.before != change.after:
            yield change


def place_of(change: Change) -> tuple[bool, int, str]:
    line = change.contestant
    rank = line.rank if line else None
    return rank is None, rank or 0, line.number if line else ""
