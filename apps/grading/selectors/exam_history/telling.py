"""Rows of the history as sentences: what it was, what became of it, from what to what."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core.textdiff import Piece, diff_words
from apps.exams.models import Exam
from apps.grading.rules import history_words
from apps.grading.selectors.exam_history.naming import Names, get_names
from apps.grading.selectors.exam_history.sources import LEDGERS, TRACKED, event_model, told_fields

# A longer text is told by what changed in it.
LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the history; `many` of its kind stand in the same act."""

    act: str
    kind: str
    label: str
    row_id: int
    many: int


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One column before and after; of a long text the `pieces` that changed."""

    name: str
    before: str
    after: str
    pieces: Sequence[Piece] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """ "Time block Europe", "changed", and what of it."""

    subject: str
    verb: str
    changes: Sequence[FieldChange] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one kind that had the same done to them in one act; `more` of them are not told one by one."""

    kind: str
    verb: str
    lines: Sequence[Line]
    more: int

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to say of the rows one by one: they fit in one sentence."""
        verbs = {line.verb for line in self.lines}
        return len(verbs) == 1 and not any(line.changes or line.reason for line in self.lines)

    @property
    def is_ledger(self) -> bool:
        return self.kind in LEDGERS


def tell(exam: Exam, rows: Sequence[Told]) -> Mapping[str, Sequence[Group]]:
    """The groups of each act, in the order of the rows; a fixed number of queries for each kind."""
    ids: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        ids[row.kind].append(row.row_id)
    events = {kind: load_events(kind, ids[kind]) for kind in TRACKED}
    ledgers = {kind: load_ledger(kind, ids[kind]) for kind in LEDGERS}
    names = get_names(exam, events)
    lines: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    counts: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row.act, row.kind, row.label)
        if row.kind in TRACKED:
            lines[key].append(line_of_event(row.kind, *events[row.kind][row.row_id], names))
        else:
            lines[key].append(line_of_ledger(row.kind, ledgers[row.kind][row.row_id], names))
        counts[key] = row.many
    groups: dict[str, list[Group]] = defaultdict(list)
    for (act, kind, label), told in lines.items():
        more = counts[act, kind, label] - len(told)
        groups[act].append(Group(kind, history_words.LABELS[label], told, more))
    return groups


def load_events(kind: str, ids: Iterable[int]) -> dict[int, tuple[Any, Any]]:
    """Each event with the one before it of the same row, in one query."""
    model = event_model(kind)
    wanted = set(ids)
    found: dict[int, tuple[Any, Any]] = {}
    before: Any = None
    objects = model.objects.filter(pgh_id__in=wanted).values("pgh_obj_id")
    for event in (
        model.objects.filter(pgh_obj_id__in=objects).order_by("pgh_obj_id", "pgh_id") if wanted else ()
    ):
        if event.pgh_id in wanted:
            same = before is not None and before.pgh_obj_id == event.pgh_obj_id
            found[event.pgh_id] = (event, before if same else None)
        before = event
    return found


def load_ledger(kind: str, ids: Iterable[int]) -> dict[int, Any]:
    related = {
        "statement": ["problem"],
        "deadline": ["registration__contestant", "registration__time_block__exam"],
        "acceptance": ["promoted__submission__registration__contestant"],
        "erasure": ["contestant"],
    }
    rows = LEDGERS[kind][0].objects.filter(pk__in=set(ids))
    return dict(rows.select_related(*related[kind]).in_bulk() if kind in related else rows.in_bulk())


def line_of_event(kind: str, event: Any, before: Any, names: Names) -> Line:
    subject = names.subject(kind, event)
    label = event.pgh_label
    if label != "update" or before is None:
        return Line(subject, history_words.LABELS[label])
    fields = [field for field in told_fields(kind) if differs(field, before, event)]
    changed = {field.name for field in fields}
    if kind == "key":
        return Line(subject, history_words.key_in_words(changed))
    if kind == "figure" and "digest" in changed:
        return Line(subject, "replaced by another picture")
    return Line(
        subject, history_words.LABELS[label], [change_of(field, before, event, names) for field in fields]
    )


def differs(field: Any, before: Any, after: Any) -> bool:
    return bool(getattr(before, field.attname) != getattr(after, field.attname))


def change_of(field: Any, before: Any, after: Any, names: Names) -> FieldChange:
    name = str(field.verbose_name)
    old, new = (names.value(field, row) for row in (before, after))
    if max(len(old), len(new)) > LONGEST_VALUE or "\n" in old + new:
        return FieldChange(name, "", "", diff_words(old, new))
    if isinstance(getattr(after, field.attname), datetime):
        old, new = history_words.same_day_short(old, new)
    return FieldChange(name, old or "blank", new or "blank")


def line_of_ledger(kind: str, row: Any, names: Names) -> Line:
    match kind:
        case "statement":
            return Line(f"version {row.version} of the statement of problem {row.problem.number}", "written")
        case "deadline":
            moments = names.moment(row.deadline_before), names.moment(row.deadline_after)
            change = FieldChange("deadline", *history_words.same_day_short(*moments))
            return Line(f"paper of {row.registration.contestant}", "moved", [change], row.reason)
        case "acceptance":
            revision = row.promoted
            whose = f"{revision.submission.registration.contestant}, problem {revision.number}"
            return Line(f"text of {whose}", "accepted", reason=row.reason)
        case "erasure":
            return Line(f"contestant {row.contestant}", "erased", reason=row.reason)
        case "withdrawal":
            return Line(f"publication {row.number}", "withdrawn", reason=row.withdrawn_reason)
        case _:
            return Line(f"publication {row.number}", "published")
