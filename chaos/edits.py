"""What the journals say about time: when an edit was first sent, and when it was acknowledged."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path


@dataclass
class Told:
    """One edit. `acked_at` None: nobody was promised anything."""

    sent_at: float
    acked_at: float | None = None
    tries: int = 0


def read(folder: Path) -> list[Told]:
    edits: dict[str, Told] = {}
    for path in sorted(folder.glob("edits-*.jsonl")):
        for line in path.read_bytes().split(b"\n")[:-1]:  # what follows the last newline is torn
            tree = json.loads(line)
            edit = edits.setdefault(tree["op"], Told(tree["at"]))
            if tree["what"] == "sent":
                edit.tries += 1
            elif tree["what"] == "acked" and edit.acked_at is None:
                edit.acked_at = tree["at"]
    return list(edits.values())


def longest_wait(edits: Iterable[Told], *, since: float = 0.0, until: float = float("inf")) -> float:
    """The longest that an edit, first sent in this time, waited for its acknowledgement."""
    return max(
        (one.acked_at - one.sent_at for one in edits if one.acked_at and since <= one.sent_at < until),
        default=0.0,
    )


def first_after(edits: Sequence[Told], moment: float) -> float | None:
    """How many seconds after this moment the first edit was acknowledged."""
    return min(
        (one.acked_at - moment for one in edits if one.acked_at and one.acked_at >= moment), default=None
    )


def longest_silence(edits: Iterable[Told], begins: float, ends: float) -> float:
    """The longest time between these moments in which nobody was acknowledged anything."""
    inside = sorted(one.acked_at for one in edits if one.acked_at and begins <= one.acked_at < ends)
    moments = [begins, *inside, ends]
    return max(later - earlier for earlier, later in pairwise(moments))
