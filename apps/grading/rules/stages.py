"""Where an exam stands as a whole, and how that is said: its time blocks, its papers, its results."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.exams.enums import ExamStatus
from apps.grading.enums import Stage

# How long an exam stays among the current ones once nothing can happen to it by itself.
KEPT_AFTER_PUBLICATION = timedelta(days=14)
KEPT_AFTER_END = timedelta(days=90)

# What is looked at first when somebody comes in: what runs, what is to be done, what is to come.
IN_ORDER = (
    Stage.RUNNING,
    Stage.ENTRY,
    Stage.BETWEEN,
    Stage.GRADING,
    Stage.SCORED,
    Stage.BEFORE,
    Stage.DRAFT,
    Stage.PUBLISHED,
    Stage.OVER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A time block with what its papers do. `closes_at`: when a paper without accommodations ends at last.

    `open_until` is the latest deadline among the papers that are open; None when none is.
    """

    name: str
    zone: str
    opens_at: datetime
    entry_ends_at: datetime
    closes_at: datetime
    open_until: datetime | None = None


def stage_of_block(block: Block, now: datetime, *, exam_closed: bool = False) -> Stage:
    """Before, entry, running or over. A closed exam lets nobody start; who writes goes on writing."""
    if not exam_closed and now < block.opens_at:
        return Stage.BEFORE
    if not exam_closed and now < block.entry_ends_at:
        return Stage.ENTRY
    return Stage.OVER if block.open_until is None else Stage.RUNNING


def stage_of_exam(
    status: str,
    blocks: Iterable[Block],
    now: datetime,
    *,
    paper_count: int = 0,
    unscored_count: int = 0,
    is_published: bool = False,
) -> Stage:
    """The whole exam: what is published counts before what is written, that before what is scored."""
    closed = status == ExamStatus.CLOSED
    found = {stage_of_block(block, now, exam_closed=closed) for block in blocks}
    if is_published:
        stage = Stage.PUBLISHED
    elif status == ExamStatus.DRAFT:
        stage = Stage.DRAFT
    elif sitting := found & {Stage.ENTRY, Stage.RUNNING}:
        stage = Stage.ENTRY if Stage.ENTRY in sitting else Stage.RUNNING
    elif Stage.BEFORE in found:
        stage = Stage.BETWEEN if Stage.OVER in found else Stage.BEFORE
    elif paper_count:
        stage = Stage.GRADING if unscored_count else Stage.SCORED
    else:
        stage = Stage.OVER if found or closed else Stage.BEFORE
    return stage


def say_block(block: Block, now: datetime, *, exam_closed: bool = False) -> str:
    """What happens in a block and until when, on the clock of the place where it is sat."""
    stage = stage_of_block(block, now, exam_closed=exam_closed)
    ends_at = block.closes_at
    if block.open_until is not None and (exam_closed or block.open_until > ends_at):
        ends_at = block.open_until
    end, entry = (say_time(moment, now, block.zone) for moment in (ends_at, block.entry_ends_at))
    if stage == Stage.BEFORE:
        said = f"opens {say_time(block.opens_at, now, block.zone)}"
    elif stage == Stage.ENTRY and entry == end:
        said = f"running until {end}, entry open"
    elif stage == Stage.ENTRY:
        said = f"entry open until {entry}, running until {end}"
    elif stage == Stage.RUNNING:
        said = f"running until {end}"
    elif ends_at > now:
        return "closed"
    else:
        said = f"ended {end}"
    return f"{said} ({block.zone})"


def say_blocks(blocks: Sequence[Block], now: datetime, *, exam_closed: bool = False) -> tuple[str, ...]:
    """One sentence for each block; a name only where there are several."""
    said = [say_block(block, now, exam_closed=exam_closed) for block in blocks]
    if len(blocks) == 1:
        return (f"{said[0][0].upper()}{said[0][1:]}",)
    return tuple(f"{block.name}: {words}" for block, words in zip(blocks, said, strict=True))


def say_time(moment: datetime, now: datetime, zone: str) -> str:
    """The time of day, with the day unless it is today there."""
    there, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    if there.date() == today:
        return f"{there:%H:%M}"
    year = "" if there.year == today.year else f" {there.year}"
    return f"{there:%A} {there.day} {there:%B}{year}, {there:%H:%M}"


def is_past(blocks: Iterable[Block], now: datetime, *, published_at: datetime | None) -> bool:
    """Whether an exam is folded away: its results are out for a while, or it ended long ago."""
    if published_at is not None:
        return now - published_at > KEPT_AFTER_PUBLICATION
    ends = [max(block.closes_at, block.open_until or block.closes_at) for block in blocks]
    return bool(ends) and now - max(ends) > KEPT_AFTER_END
