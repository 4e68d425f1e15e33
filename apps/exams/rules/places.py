"""Places of an exam file as people look for them: by a problem's number, not by its index."""

import re
from collections.abc import Mapping
from typing import Any

FIGURE = "figure "

_STEP = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")

# A list's rows, what one of them is called, and the key that names it.
_ROWS = {
    "problems": ("problem", "number"),
    "time_blocks": ("time block", "name"),
    "choices": ("choice", "label"),
    "accepted": ("accepted answer", None),
}


def spoken_place(tree: object, place: str) -> str:
    """`problems[2].choices[0].text` is "problem 3, choice A, text", if these are their number and label."""
    if not place:
        return "the file"
    here: Any = tree
    words = []
    if place.startswith(FIGURE):
        return place  # the name of a file, not a way through the tree
    for step in _STEP.finditer(place):
        key, index = step[1], step[2]
        here = here.get(key) if isinstance(here, Mapping) else None
        if index is None:
            words.append(key)
            continue
        rows = here if isinstance(here, list | tuple) else []
        words.append(_row(key, rows, int(index)))
        here = rows[int(index)] if int(index) < len(rows) else None
    return ", ".join(words)


def _row(key: str, rows: list[Any] | tuple[Any, ...], index: int) -> str:
    noun, naming = _ROWS.get(key, (key, None))
    names = [row.get(naming) if isinstance(row, Mapping) else None for row in rows]
    name = names[index] if naming and index < len(names) else None
    if not isinstance(name, str | int) or isinstance(name, bool) or str(name).strip() == "":
        return f"{noun} {index + 1} of the list" if naming else f"{noun} {index + 1}"
    # Two of one name are told apart by where they stand.
    twin = f" ({index + 1} of the list)" if names.count(name) > 1 else ""
    return f"{noun} {name}{twin}"
