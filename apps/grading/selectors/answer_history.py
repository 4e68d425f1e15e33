"""What happened to one answer: every text that arrived for it, and every score with the text it judged."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import F, Min, Q, Window
from django.db.models.functions import Lag, Length

from apps.core.textdiff import Piece, diff_words
from apps.grading.models import GradingTask, Score
from apps.grading.selectors.sheet import name_contestant
from apps.submissions.enums import RevisionState
from apps.submissions.models import Acceptance, Answer, AnswerRevision

REVISIONS_PER_PAGE = 50
# The text an answer starts with has no row: nothing arrived for it.
BLANK = 0


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One version of a score; `points` None: it took the one before back. `judged`: the revision read.

    `together` is how many answers the same act scored; 0 for a score given singly.
    """

    reading: int
    version: int
    points: Decimal | None
    comment: str
    note: str
    grader: str
    scored_at: datetime
    judged: int
    together: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """An organiser let this text count after it had been kept apart; `reason` is blank for blind eyes."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """One text as it arrived, after `before`. `revision` is None for what never became the answer."""

    pk: int
    revision: int | None
    state: str
    state_label: str
    received_at: datetime
    length: int
    device: int
    device_changed: bool
    before: int
    promoted: bool
    accepted: Accepted | None
    scores: Sequence[ScoreLine]

    @property
    def name(self) -> str:
        return f"Revision {self.revision}" if self.revision else f"Kept apart ({self.state_label})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two texts of the answer as one; a name says which they are."""

    older: int
    newer: int
    older_name: str
    newer_name: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class AnswerHistory:
    """`contestant` is blank for whoever reads blind; `task_id` is None before the answer is queued."""

    task_id: int | None
    exam_id: int
    exam_title: str
    zone: str
    number: int
    blind_code: str
    contestant: str
    revision: int
    scores: Sequence[ScoreLine]
    scores_of_blank: Sequence[ScoreLine]
    revisions: Sequence[RevisionLine]
    page: Page[AnswerRevision]
    comparison: Comparison | None


def get_answer_history(
    answer_id: int,
    *,
    reading: int | None,
    names: bool,
    page: str | None,
    compare: tuple[int, int] | None,
) -> AnswerHistory:
    """In nine queries. `reading`: the only task whose scores are shown; `names`: also the contestant's."""
    answer = Answer.objects.select_related("submission", "problem__exam").get(pk=answer_id)
    exam = answer.problem.exam
    scores = list_scores(answer, reading)
    judged: dict[int, list[ScoreLine]] = defaultdict(list)
    for score in scores:
        judged[score.judged].append(score)
    chosen = page_of_revisions(answer, page)
    first = GradingTask.objects.filter(answer=answer).order_by("reading").values_list("pk", flat=True).first()
    return AnswerHistory(
        task_id=reading or first,
        exam_id=exam.pk,
        exam_title=exam.title,
        zone=exam.zone,
        number=answer.number,
        blind_code=answer.submission.blind_code,
        contestant=name_contestant(answer) if names else "",
        revision=answer.revision,
        scores=scores,
        scores_of_blank=judged[BLANK],
        revisions=describe_revisions(answer, chosen.object_list, judged, names=names),
        page=chosen,
        comparison=compare_texts(answer, scores, compare),
    )


def list_scores(answer: Answer, reading: int | None) -> list[ScoreLine]:
    """The newest first."""
    chosen = Q(task__answer=answer) if reading is None else Q(task=reading)
    scores = (
        Score.objects.filter(chosen)
        .select_related("grader", "task", "act")
        .order_by("-scored_at", "-version")
    )
    return [
        ScoreLine(
            reading=score.task.reading,
            version=score.version,
            points=score.points,
            comment=score.comment,
            note=score.note,
            grader=score.grader.get_username(),
            scored_at=score.scored_at,
            judged=score.answer_revision,
            together=score.act.count if score.act else 0,
        )
        for score in scores
    ]


def page_of_revisions(answer: Answer, page: str | None) -> Page[Any]:
    """One page of them, the newest first; without their texts, of which a long evening leaves hundreds."""
    rows = (
        AnswerRevision.objects.filter(answer=answer)
        .annotate(
            length=Length("text"),
            before=Window(Lag("pk"), order_by=F("pk").asc()),
            device_before=Window(Lag("device"), order_by=F("pk").asc()),
        )
        .defer("text")
        .order_by("-pk")
    )
    return Paginator(rows, REVISIONS_PER_PAGE).get_page(page)


def describe_revisions(
    answer: Answer, rows: Iterable[Any], judged: Mapping[int, Sequence[ScoreLine]], *, names: bool
) -> list[RevisionLine]:
    devices = number_devices(answer)
    accepted = {
        one.promoted_id: Accepted(
            by=one.accepted_by.get_username(), at=one.accepted_at, reason=one.reason if names else ""
        )
        for one in Acceptance.objects.filter(promoted__answer=answer).select_related("accepted_by")
    }
    return [
        RevisionLine(
            pk=row.pk,
            revision=row.revision,
            state=row.state,
            state_label=row.get_state_display(),
            received_at=row.received_at,
            length=row.length,
            device=devices.get(row.device, 0),
            device_changed=row.device_before is not None and row.device_before != row.device,
            before=row.before or BLANK,
            promoted=row.promoted_from_id is not None,
            accepted=accepted.get(row.pk),
            scores=judged.get(row.revision, []) if row.revision is not None else [],
        )
        for row in rows
    ]


def number_devices(answer: Answer) -> dict[UUID | None, int]:
    """Devices by the order in which they first wrote; their own ids say nothing to anybody."""
    rows = AnswerRevision.objects.filter(answer=answer).exclude(device=None).order_by().values("device")
    first = rows.annotate(first=Min("pk")).order_by("first").values_list("device", flat=True)
    return {device: number for number, device in enumerate(first, start=1)}


def compare_texts(
    answer: Answer, scores: Sequence[ScoreLine], wanted: tuple[int, int] | None
) -> Comparison | None:
    """The two texts that were asked for, by the ids of their revisions, of which 0 is the blank start.

    Unasked: the text that was judged last with the one that counts, if that is another; else the last two.
    None if there is nothing to compare, or if one of them is not of this answer.
    """
    if wanted is None:
        wanted = compare_unasked(answer, scores)
    if wanted is None:
        return None
    rows = AnswerRevision.objects.filter(answer=answer).in_bulk([pk for pk in wanted if pk != BLANK])
    if len(rows.keys() | {BLANK}) != len({*wanted, BLANK}):
        return None
    older, newer = sorted(wanted)
    return Comparison(
        older=older,
        newer=newer,
        older_name=name_revision(rows.get(older)),
        newer_name=name_revision(rows.get(newer)),
        pieces=diff_words(text_of(rows.get(older)), text_of(rows.get(newer))),
    )


def compare_unasked(answer: Answer, scores: Sequence[ScoreLine]) -> tuple[int, int] | None:
    current = AnswerRevision.objects.filter(answer=answer, state=RevisionState.CURRENT)
    judged = scores[0].judged if scores else None
    before = judged if judged is not None and judged != answer.revision else answer.revision - 1
    ids = dict(current.filter(revision__in=[before, answer.revision]).values_list("revision", "pk"))
    if answer.revision not in ids:
        return None
    return ids.get(before, BLANK), ids[answer.revision]


def name_revision(row: AnswerRevision | None) -> str:
    if row is None:
        return "the blank start"
    return f"revision {row.revision}" if row.revision else f"what was kept apart ({row.get_state_display()})"


def text_of(row: AnswerRevision | None) -> str:
    return "" if row is None else row.text
