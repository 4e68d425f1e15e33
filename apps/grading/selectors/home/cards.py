"""The console's home: each exam of somebody's on a card, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractUser

from apps.exams.enums import ExamStatus
from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.grading.enums import Stage
from apps.grading.rules import stages
from apps.grading.rules.next_steps import Facts, NextStep, next_step
from apps.grading.selectors.home.counting import (
    Counts,
    Papers,
    People,
    Published,
    count_for,
    list_blocks,
    list_papers,
    list_published,
)
from apps.grading.selectors.readiness import Scored


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamCard:
    """`allowed` holds the permissions of this person in this exam; testers are in no figure.

    Entered: came in with their key, or started. Handed in: the paper is closed, also by time.
    """

    exam_id: int
    title: str
    slug: str
    stage: Stage
    times: Sequence[str]
    registered: int
    entered: int
    writing: int
    handed_in: int
    problems: Sequence[Scored]
    step: NextStep
    allowed: frozenset[str]

    @property
    def answer_count(self) -> int:
        return sum(row.total for row in self.problems)


@dataclass(frozen=True, slots=True)
class PastExam:
    exam_id: int
    title: str
    slug: str
    stage: Stage
    times: Sequence[str]
    allowed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Home:
    cards: Sequence[ExamCard]
    past: Sequence[PastExam]


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known of every exam, also of a past one."""

    exam: Exam
    blocks: Sequence[stages.Block]
    published: Published
    allowed: frozenset[str]

    def is_past(self, now: datetime) -> bool:
        return stages.is_past(self.blocks, now, published_at=self.published.since)

    def times(self, now: datetime) -> Sequence[str]:
        return stages.say_blocks(self.blocks, now, exam_closed=self.exam.status == ExamStatus.CLOSED)


def get_home(user: AbstractUser, now: datetime) -> Home:
    """The user's exams, the most urgent first; what is long over is folded away and not counted."""
    exams = list(Exam.objects.visible_to(user))
    published = list_published(exams)
    sitting = list_papers(exams, now)
    blocks = list_blocks(exams, sitting.open_until)
    outlines = [Outline(exam, blocks[exam.pk], published[exam.pk], allowed_to(user, exam)) for exam in exams]
    current = [outline for outline in outlines if not outline.is_past(now)]
    counts = count_for(user, [outline.exam.pk for outline in current], sitting, now)
    cards = [card_of(outline, counts, now) for outline in current]
    return Home(
        cards=sorted(cards, key=lambda card: stages.IN_ORDER.index(card.stage)),
        past=[past_exam(outline, now) for outline in outlines if outline.is_past(now)],
    )


def card_of(outline: Outline, counts: Counts, now: datetime) -> ExamCard:
    exam, published = outline.exam, outline.published
    problems = counts.problems.get(exam.pk, ())
    papers = counts.papers.get(exam.pk, Papers())
    people = counts.people.get(exam.pk, People())
    unscored = sum(row.missing for row in problems)
    stage = stages.stage_of_exam(
        exam.status,
        outline.blocks,
        now,
        paper_count=papers.started,
        unscored_count=unscored,
        is_published=published.since is not None,
    )
    facts = Facts(
        stage=stage,
        problem_count=len(problems),
        block_count=len(outline.blocks),
        registered=people.registered,
        without_key=people.without_key,
        writing=papers.writing,
        unqueued=counts.unqueued.get(exam.pk, 0),
        unscored=unscored,
        waiting=counts.waiting.get(exam.pk, 0),
        held=counts.held.get(exam.pk, 0),
        referred=counts.referred.get(exam.pk, 0),
        publication=published.newest,
    )
    return ExamCard(
        exam_id=exam.pk,
        title=exam.title,
        slug=exam.slug,
        stage=stage,
        times=outline.times(now),
        registered=people.registered,
        entered=people.entered,
        writing=papers.writing,
        handed_in=papers.started - papers.writing,
        problems=problems,
        step=next_step(facts, outline.allowed),
        allowed=outline.allowed,
    )


def past_exam(outline: Outline, now: datetime) -> PastExam:
    exam = outline.exam
    stage = Stage.OVER if outline.published.since is None else Stage.PUBLISHED
    return PastExam(exam.pk, exam.title, exam.slug, stage, outline.times(now), outline.allowed)


def allowed_to(user: AbstractUser, exam: Exam) -> frozenset[str]:
    """Asked of the user's roles, which are read once a request."""
    return frozenset(permission for permission in roles.ALL if user.has_perm(permission, exam))
