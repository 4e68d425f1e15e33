"""Is what was acknowledged what is stored? The journal of the crowd against the rows of the database.

In the manner of Jepsen's lost writes. An edit is *sent* when its line is in the journal, and *acknowledged*
when the line of the answer is there too. Then

- lost: an acknowledged edit that the database does not hold as it was acknowledged, and an answer whose
  current text is older than the last one that was acknowledged;
- duplicated: an edit that is stored twice, or a revision number that was given twice;
- phantom: a stored text that nobody sent.

An edit that was sent and never acknowledged may be stored or not: nobody was promised anything.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

CURRENT = "current"
BLANK = sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Ack:
    """What the answer to an edit said; `revision` is None where the text did not become current."""

    state: str
    revision: int | None


@dataclass(frozen=True, slots=True)
class SentEdit:
    """What the journal knows of one edit; `ack` is None where no answer ever came."""

    paper: str
    op: str
    number: int
    digest: str
    ack: Ack | None = None


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """A row of the database: one edit as it arrived."""

    paper: str
    op: str
    number: int
    digest: str
    state: str
    revision: int | None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A row of the database: the text that counts."""

    paper: str
    number: int
    digest: str
    revision: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was promised."""

    paper: str
    number: int
    op: str
    why: str


@dataclass(frozen=True)
class Findings:
    """What the comparison found; sound if all three lists are empty."""

    edits: int
    acked: int
    stored: int
    lost: list[Finding] = field(default_factory=list)
    duplicated: list[Finding] = field(default_factory=list)
    phantom: list[Finding] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.duplicated or self.phantom)


def check(
    edits: Iterable[SentEdit], revisions: Iterable[StoredRevision], answers: Iterable[StoredAnswer]
) -> Findings:
    """Compare; every difference is named once, with the reason."""
    sent = {(edit.paper, edit.op): edit for edit in edits}
    rows = list(revisions)
    stored: dict[tuple[str, str], list[StoredRevision]] = defaultdict(list)
    for row in rows:
        stored[row.paper, row.op].append(row)
    return Findings(
        edits=len(sent),
        acked=sum(edit.ack is not None for edit in sent.values()),
        stored=len(rows),
        lost=[*_lost_edits(sent, stored), *_lost_texts(sent, rows, answers := list(answers))],
        duplicated=_duplicated(stored, rows),
        phantom=[*_phantom_edits(sent, rows), *_phantom_texts(answers)],
    )


def _lost_edits(
    sent: Mapping[tuple[str, str], SentEdit], stored: Mapping[tuple[str, str], list[StoredRevision]]
) -> list[Finding]:
    found = []
    for name, edit in sent.items():
        if edit.ack is None:
            continue
        rows = stored.get(name)
        if not rows:
            found.append(Finding(edit.paper, edit.number, edit.op, "acknowledged, but not stored"))
        elif why := _misreported(edit, edit.ack, rows[0]):
            found.append(Finding(edit.paper, edit.number, edit.op, why))
    return found


def _misreported(edit: SentEdit, ack: Ack, row: StoredRevision) -> str:
    if (row.number, row.digest) != (edit.number, edit.digest):
        return "stored with another text or for another problem than was sent"
    if (row.state, row.revision) != (ack.state, ack.revision):
        told = f"{ack.state} {ack.revision or ''}".strip()
        held = f"{row.state} {row.revision or ''}".strip()
        return f"acknowledged as {told}, stored as {held}"
    return ""


def _lost_texts(
    sent: Mapping[tuple[str, str], SentEdit], rows: Iterable[StoredRevision], answers: Iterable[StoredAnswer]
) -> list[Finding]:
    """Answers that went back behind what was acknowledged, or do not show their newest revision."""
    promised: dict[tuple[str, int], tuple[int, str]] = {}
    for edit in sent.values():
        if edit.ack is not None and edit.ack.state == CURRENT and edit.ack.revision is not None:
            place = edit.paper, edit.number
            promised[place] = max(promised.get(place, (0, "")), (edit.ack.revision, edit.op))
    digests = {(row.paper, row.number, row.revision): row.digest for row in rows if row.revision is not None}
    found = []
    for answer in answers:
        revision, op = promised.pop((answer.paper, answer.number), (0, ""))
        if answer.revision < revision:
            why = f"the answer stands at revision {answer.revision}, acknowledged was {revision}"
            found.append(Finding(answer.paper, answer.number, op, why))
        elif answer.revision and answer.digest != digests.get(
            (answer.paper, answer.number, answer.revision), ""
        ):
            why = f"the answer's text is not that of its revision {answer.revision}"
            found.append(Finding(answer.paper, answer.number, op, why))
    for (paper, number), (_, op) in promised.items():
        found.append(Finding(paper, number, op, "acknowledged, but the answer is not there"))
    return found


def _duplicated(
    stored: Mapping[tuple[str, str], list[StoredRevision]], rows: Iterable[StoredRevision]
) -> list[Finding]:
    found = [
        Finding(row.paper, row.number, row.op, "stored more than once")
        for same in stored.values()
        for row in same[1:]
    ]
    numbered: set[tuple[str, int, int]] = set()
    papers: dict[str, str] = {}
    for row in rows:
        if papers.setdefault(row.op, row.paper) != row.paper:
            found.append(Finding(row.paper, row.number, row.op, "stored in two papers"))
        if row.revision is None:
            continue
        place = row.paper, row.number, row.revision
        if place in numbered and len(stored[row.paper, row.op]) == 1:
            found.append(Finding(row.paper, row.number, row.op, f"revision {row.revision} was given twice"))
        numbered.add(place)
    return found


def _phantom_edits(sent: Mapping[tuple[str, str], SentEdit], rows: Iterable[StoredRevision]) -> list[Finding]:
    found = []
    for row in rows:
        edit = sent.get((row.paper, row.op))
        if edit is None:
            found.append(Finding(row.paper, row.number, row.op, "stored, but nobody sent it"))
        elif edit.ack is None and (row.number, row.digest) != (edit.number, edit.digest):
            found.append(Finding(row.paper, row.number, row.op, "stored with a text that nobody sent"))
    return found


def _phantom_texts(answers: Iterable[StoredAnswer]) -> list[Finding]:
    return [
        Finding(answer.paper, answer.number, "", "a text stands where nothing was ever written")
        for answer in answers
        if answer.revision == 0 and answer.digest != BLANK
    ]
