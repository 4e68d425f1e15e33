"""What a person may ask for: a copy of everything that is kept about them."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from apps.access.models import Contestant
from apps.grading.selectors.kept import get_kept

ABOUT = """\
What is kept about contestant {number}
======================================

contestant.txt    to read
contestant.json   the same for programs

Times are in UTC unless they say otherwise; blank means that nothing is known or that it did not happen.

What is not in here, and why
----------------------------
Names and accounts of the staff       they are other people's data
Notes of graders among themselves     drafts of a judgement, which is here itself once it is published
Scores before they are published      they may still change; ask again after the publication
The access key                        nobody has it: only a digest is stored, which tells nothing about you
Codes that hide you from graders      random numbers; with them graders would know whose work they read
Copies in backups                     they expire with the backups
"""


def export_contestant(*, contestant: Contestant, now: datetime) -> bytes:
    """A ZIP with everything kept about the contestant, to read and for programs, and what is not in it."""
    kept = get_kept(contestant, now)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.txt", ABOUT.format(number=contestant.public_number))
        archive.writestr("contestant.txt", "\n".join(lines_of(kept)) + "\n")
        archive.writestr("contestant.json", json.dumps(kept, ensure_ascii=False, indent=2))
    return stream.getvalue()


def lines_of(value: Any, depth: int = 0) -> Iterator[str]:
    """The tree as indented lines: "name: value", lists with dashes, longer texts beneath their name."""
    indent = "  " * depth
    match value:
        case dict():
            for name, one in value.items():
                words = name.replace("_", " ")
                if isinstance(one, dict | list) and one:
                    yield f"{indent}{words}:"
                    yield from lines_of(one, depth + 1)
                elif "\n" in str(one):
                    yield f"{indent}{words}:"
                    yield from (f"{indent}  {line}" for line in str(one).splitlines())
                else:
                    yield f"{indent}{words}: {said(one)}".rstrip()
        case list():
            for one in value:
                first, *others = lines_of(one, depth + 1)
                yield f"{indent}- {first.lstrip()}"
                yield from others
        case _:
            yield f"{indent}{said(value)}"


def said(value: Any) -> str:
    match value:
        case None | [] | {}:
            return ""
        case bool():
            return "yes" if value else "no"
    return str(value)
