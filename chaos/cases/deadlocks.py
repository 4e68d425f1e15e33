"""Everything that writes, at once and at random: does anything wait for each other for ever? (10)"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from uuid import UUID, uuid4

from django import db
from django.contrib.auth import get_user_model

from apps.access.services.issuing import IssuedKey
from apps.core.errors import RuleViolation
from apps.grading.models import GradingTask
from apps.grading.services.publishing import publish_results, withdraw_results
from apps.grading.services.queueing import claim_next_task, create_grading_tasks
from apps.grading.services.scoring import score_task
from apps.submissions.models import Answer, Submission
from apps.submissions.rules.batch import Batch, Edit, InvalidBatch
from apps.submissions.services.closing import close_overdue
from apps.submissions.services.saving import SavePass, save_batch
from apps.submissions.services.submitting import submit_paper
from apps.submissions.services.timing import move_deadline
from chaos import exam
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.stack import Stack

# Two connections each, of the hundred that PostgreSQL allows.
THREADS = 40
PAPERS, HOT_PAPERS = 300, 40
OPERATIONS = 20_000
LONGEST_SECONDS = 420
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
# What is done how often.
SHARES = {
    "save": 50,
    "move": 10,
    "hand in": 5,
    "close": 3,
    "queue": 4,
    "grade": 25,
    "publish": 2,
    "withdraw": 1,
}


class Everybody:
    """Contestants, organisers and graders of one exam, who do one random thing at a time."""

    def __init__(self, contestants: int) -> None:
        self.sandbox = exam.new_exam(contestants)
        exam.seat_all(self.sandbox, text="")
        self.papers: dict[int, int] = dict(
            Submission.objects.filter(registration__exam=self.sandbox.exam_id).values_list(
                "registration", "pk"
            )
        )
        self.graders = [
            get_user_model().objects.create(username=f"deadlock-{uuid4().hex[:8]}") for _ in range(THREADS)
        ]
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.errors: list[str] = []

    def act(self, place: int, chance: Random, count: int, until: float) -> None:
        """One thread's part. Refusals are answers; anything else is told."""
        try:
            for _ in range(count):
                if time.monotonic() > until:
                    return
                (name,) = chance.choices(list(SHARES), list(SHARES.values()))
                try:
                    self.ways[name](place, chance)
                except (RuleViolation, InvalidBatch):  # the latter: enough late drafts of one paper
                    self.refused[name] += 1
                except db.Error as error:
                    self.errors.append(f"{name}: {error}".strip().splitlines()[0])
                self.done[name] += 1
        finally:
            db.connections.close_all()

    @property
    def ways(self) -> dict[str, Callable[[int, Random], object]]:
        exam_id = self.sandbox.exam_id
        return {
            "save": lambda _, chance: self.save(chance),
            "move": lambda _, chance: move_deadline(
                submission_id=self.paper(chance),
                minutes=chance.choice((-30, -10, 10, 30)),
                reason="a bell rang",
                actor_id=None,
                now=now(),
            ),
            "hand in": lambda _, chance: submit_paper(
                submission_id=chance.choice([*self.papers.values()]), now=now()
            ),
            "close": lambda *_: close_overdue(now=now()),
            "queue": lambda *_: create_grading_tasks(exam_id=exam_id, now=now()),
            "grade": self.grade,
            "publish": lambda *_: publish_results(exam_id=exam_id, actor=None, now=now()),
            "withdraw": lambda *_: withdraw_results(exam_id=exam_id, actor=None, reason="a slip", now=now()),
        }

    def key(self, chance: Random) -> IssuedKey:
        return chance.choice(self.sandbox.keys[:HOT_PAPERS])

    def paper(self, chance: Random) -> int:
        return self.papers[self.key(chance).registration_id]

    def save(self, chance: Random) -> None:
        key = self.key(chance)
        numbers = chance.sample(range(1, 11), 3)  # in any order: the statement brings them into one
        edits = tuple(Edit(uuid4(), number, str(chance.random()), chance.randint(0, 9)) for number in numbers)
        paper = self.papers[key.registration_id]
        save_batch(save_pass=SavePass(paper, key.id, 1, 1), batch=Batch(UUID(int=paper), edits))

    def grade(self, place: int, _: Random) -> None:
        grader = self.graders[place]
        task_id = claim_next_task(exam_id=self.sandbox.exam_id, grader=grader, now=now())
        if task_id is None:
            return
        revision = Answer.objects.values_list("revision", flat=True).get(
            pk=GradingTask.objects.values("answer").get(pk=task_id)["answer"]
        )
        newest = GradingTask.objects.get(pk=task_id).scores.order_by("-version").first()
        score_task(
            task_id=task_id,
            grader=grader,
            points=Decimal(0),
            note="again",
            based_on=newest.version if newest else 0,
            answer_revision=revision,
            now=now(),
            may_correct=True,
        )


def now() -> datetime:
    return datetime.now(UTC)


def wait_for_each_other(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("10", "Everything that writes, at random")
    everybody = Everybody(min(PAPERS, scale.contestants))
    db.connections.close_all()
    before = stack.database.one(DEADLOCKS)
    until = time.monotonic() + LONGEST_SECONDS
    each = scale.times(OPERATIONS // THREADS)
    threads = [
        threading.Thread(target=everybody.act, args=(place, Random(f"{scale.seed} {place}"), each, until))
        for place in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(2)  # the statistics come a moment later
    outcome.done = f"{THREADS} threads call the services of {len(everybody.papers)} papers (50 threads asked)"
    outcome.tell("operations", everybody.done.total(), "100,000 asked")
    outcome.tell("of each", ", ".join(f"{name} {count:,}" for name, count in everybody.done.most_common()))
    outcome.tell("refused by a rule", everybody.refused.total())
    outcome.most("deadlocks", stack.database.one(DEADLOCKS) - before, 0)
    outcome.most("errors of the database", len(everybody.errors), 0)
    if everybody.errors:
        outcome.tell("first of them", everybody.errors[0])
    yield outcome
