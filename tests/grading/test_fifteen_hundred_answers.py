"""One integer problem of 1,500 contestants: how many keys and statements until all is scored."""

import random
from collections import Counter
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.grading.enums import ActKind
from apps.grading.models import GradingTask, Score, ScoringAct
from apps.grading.rules.equivalence import BLANK_KEY, class_key
from apps.grading.selectors.classes import get_classes, get_remaining
from apps.grading.services import acting
from apps.grading.services.queueing import create_grading_tasks
from apps.submissions.models import Answer
from tests import factories

pytestmark = pytest.mark.django_db

CONTESTANTS = 1_500
RIGHT = ["1729"] * 30 + ["１７２９", "١٧٢٩", "+1729", "01729", " 1729 ", "1 729"]
BLANK_COUNT, TAIL_COUNT = 90, 110
# Slips and misreadings that many share; the commonest first.
WRONG = [str(number) for number in [1728, 1730, -1729, 1792, 729, *range(100, 2_000, 95)]]


def written():
    """60 % right in several scripts, 25 wrong answers of falling frequency, a long tail, and blanks."""
    chance = random.Random(1729)
    right = chance.choices(RIGHT, k=CONTESTANTS * 60 // 100)
    tail = [str(10_000 + 7 * number) for number in range(TAIL_COUNT)]
    wrong = CONTESTANTS - len(right) - len(tail) - BLANK_COUNT
    shares = [1 / place for place in range(1, len(WRONG) + 1)]
    texts = right + tail + [""] * BLANK_COUNT + WRONG + chance.choices(WRONG, shares, k=wrong - len(WRONG))
    chance.shuffle(texts)
    return texts


@pytest.fixture
def problem(exam, now):
    """The problem with its answers, all queued; rows are made in bulk, for speed."""
    problem = factories.ProblemFactory(exam=exam, number=1, accepted=["1729"])
    texts = written()
    papers = factories.closed_papers(exam, len(texts), now=now)
    Answer.objects.bulk_create(
        Answer(submission=paper, problem=problem, number=1, text=text, revision=1 if text else 0)
        for paper, text in zip(papers, texts, strict=True)
    )
    assert create_grading_tasks(exam_id=exam.pk, now=now) == CONTESTANTS
    return problem


class Lead:
    """A lead at the page of equal answers: what each act costs in keys and in statements."""

    def __init__(self, problem, user, now):
        self.problem, self.user, self.now = problem, user, now
        self.keys = 0
        self.statements = []

    def act(self, keys, service, **wanted):
        self.keys += keys
        with CaptureQueriesContext(connection) as queries:
            done = service(
                exam_id=self.problem.exam_id,
                problem_id=self.problem.pk,
                grader=self.user,
                now=self.now,
                **wanted,
            )
        self.statements.append(sum("SAVEPOINT" not in query["sql"] for query in queries))
        return done

    def score(self, key, points):
        """The points and Enter."""
        return self.act(2, acting.score_class, key=key, points=Decimal(points))

    def score_remaining(self):
        """R, a look at what it covers, and Enter."""
        seen = get_remaining(self.problem, self.user, self.now).seen
        return self.act(2, acting.score_remaining, seen=seen)


def test_six_keys_and_some_thirty_statements_score_them_all(problem, lead, now, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = get_classes(problem, lead, now)
    sizes = {one.text: one.total for one in found.classes}
    assert (found.total, len(sizes)) == (CONTESTANTS, 1 + len(WRONG) + TAIL_COUNT + 1)
    assert [one.text for one in found.classes if one.near_miss][:2] == ["1728", "1730"]
    at_desk = Lead(problem, lead, now)
    assert at_desk.score(class_key("1729"), 7).count == sizes["1729"] == 900
    assert at_desk.score_remaining().act.count == CONTESTANTS - 900 - BLANK_COUNT
    assert at_desk.score(BLANK_KEY, 0).count == BLANK_COUNT
    assert at_desk.keys == 6
    # The same numbers as for a class of one (test_acting.py), less the two that open and close a savepoint.
    assert at_desk.statements == [10, 10, 9]
    assert not GradingTask.objects.unfinished().exists()
    assert Counter(Score.objects.values_list("version", "points")) == {(1, 7): 900, (1, 0): 600}
    assert Score.objects.filter(act__isnull=True).count() == 0


def test_without_a_lead_two_keys_a_class(problem, grader, now):
    """A grader, who may not sign for all that remains, still presses fewer keys than there are answers."""
    found = get_classes(problem, grader, now)
    assert 2 * len(found.classes) == 274
    assert 2 * sum(1 for one in found.classes if one.total > 1) == 54


def test_undoing_the_largest_act_takes_the_same_statements(problem, lead, now, exam):
    act = Lead(problem, lead, now).score(class_key("1729"), 7)
    with CaptureQueriesContext(connection) as queries:
        undone = acting.undo_act(exam_id=exam.pk, act_id=act.pk, grader=lead, now=now)
    assert (undone.count, undone.left) == (900, 0)
    assert sum("SAVEPOINT" not in query["sql"] for query in queries) == 10
    # Sorting the answers by contestant takes four joins, and hours where the tables' statistics are old.
    assert [query["sql"] for query in queries if "access_contestant" in query["sql"]] == []
    assert ScoringAct.objects.get(kind=ActKind.CLASS).undone_count == 900
    assert Score.objects.filter(version=2, points=None).count() == 900
