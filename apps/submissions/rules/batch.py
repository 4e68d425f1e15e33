"""What a batch of edits may look like (CONTRACT, "Saving"); nothing here knows a database."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_EDITS = 50
LONGEST_TEXT = 20_000
LARGEST_INTEGER = 2**31 - 1
LONGEST_WAIT_MS = 24 * 3600 * 1000
UUID_LENGTH = 36


@dataclass(frozen=True)
class Edit:
    """One edit of one answer: the text as typed, and the revision it was typed over (None: unknown)."""

    op: uuid.UUID
    number: int
    text: str
    based_on: int | None


@dataclass(frozen=True)
class Batch:
    """What one call brings; without edits it is a heartbeat.

    `waited_ms` is how long the oldest edit had waited on the device, where the device says so.
    """

    device: uuid.UUID
    edits: tuple[Edit, ...]
    waited_ms: int | None = None


@dataclass(frozen=True)
class Fault:
    """What is wrong with a batch: `index` of the edit (None: the batch itself), the field, and a sentence."""

    index: int | None
    field: str
    message: str


class InvalidBatch(Exception):
    """The batch cannot be read as one; nothing of it is kept."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("This batch is not valid; nothing of it was kept.")
        self.faults = faults


def read_batch(tree: Any) -> Batch:
    """Check a decoded JSON body and give it its types; refuses with every fault, each with its place."""
    if not isinstance(tree, Mapping):
        raise InvalidBatch([Fault(None, "", "The body is a JSON object.")])
    faults: list[Fault] = []
    device = read_uuid(tree.get("device"))
    if device is None:
        faults.append(Fault(None, "device", "A UUID is needed."))
    raw_edits = tree.get("edits")
    if not isinstance(raw_edits, list):
        raise InvalidBatch([*faults, Fault(None, "edits", "A list is needed; it may be empty.")])
    if len(raw_edits) > MOST_EDITS:
        raise InvalidBatch([*faults, Fault(None, "edits", f"At most {MOST_EDITS} edits go into one batch.")])
    edits = [edit for index, raw in enumerate(raw_edits) if (edit := read_edit(index, raw, faults))]
    if not faults:
        faults += repeated(edits)
    if faults or device is None:
        raise InvalidBatch(faults)
    # Only a figure for operators: what is no sensible one is left out, and no reason to refuse the work.
    waited = tree.get("waited")
    if not is_integer(waited, least=0) or waited > LONGEST_WAIT_MS:  # type: ignore[operator]  # an integer
        waited = None
    return Batch(device=device, edits=tuple(edits), waited_ms=waited)


def read_edit(index: int, raw: Any, faults: list[Fault]) -> Edit | None:
    """One edit, or None with the faults noted."""
    if not isinstance(raw, Mapping):
        faults.append(Fault(index, "", "An edit is a JSON object."))
        return None
    before = len(faults)
    op, number, text, based_on = (
        read_uuid(raw.get("op")),
        raw.get("number"),
        raw.get("text"),
        raw.get("based_on"),
    )
    if op is None:
        faults.append(Fault(index, "op", "A UUID is needed."))
    if not is_integer(number, least=1):
        faults.append(Fault(index, "number", "The number of a problem is needed."))
    if message := text_fault(text):
        faults.append(Fault(index, "text", message))
    if based_on is not None and not is_integer(based_on, least=0):
        faults.append(Fault(index, "based_on", "A revision number or null is needed."))
    if len(faults) > before or op is None:
        return None
    return Edit(op=op, number=number, text=text, based_on=based_on)  # type: ignore[arg-type]  # checked above


def text_fault(text: Any) -> str:
    """Why this cannot be an answer's text; empty if it can."""
    if not isinstance(text, str):
        return "A text is needed."
    if len(text) > LONGEST_TEXT:
        return f"An answer holds at most {LONGEST_TEXT} characters; this one has {len(text)}."
    if "\x00" in text:
        return "The text holds a NUL character."
    if not encodable(text):
        return "The text holds half of a symbol (a lone surrogate)."
    return ""


def repeated(edits: list[Edit]) -> list[Fault]:
    """A batch holds one edit per answer, and an op once."""
    faults: list[Fault] = []
    numbers: set[int] = set()
    ops: set[uuid.UUID] = set()
    for index, edit in enumerate(edits):
        if edit.number in numbers:
            faults.append(Fault(index, "number", f"Problem {edit.number} stands twice in this batch."))
        if edit.op in ops:
            faults.append(Fault(index, "op", "This op stands twice in this batch."))
        numbers.add(edit.number)
        ops.add(edit.op)
    return faults


def read_uuid(value: Any) -> uuid.UUID | None:
    """A UUID in its usual writing, nothing else (Python's parser also takes braces and URNs)."""
    if not isinstance(value, str) or len(value) != UUID_LENGTH:
        return None
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def is_integer(value: Any, *, least: int) -> bool:
    # True and False are integers to Python, not to us.
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST_INTEGER


def encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
