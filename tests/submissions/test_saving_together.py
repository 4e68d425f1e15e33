"""Saves of several papers by one statement: each as if it were alone (ADR 24)."""

import threading
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from django.db import DataError, connections
from django.test.utils import CaptureQueriesContext

from apps.core import prepared
from apps.submissions.models import Answer, AnswerRevision, Submission
from apps.submissions.rules.batch import MOST_EDITS, Batch, InvalidBatch
from apps.submissions.services import saving, writing
from tests.submissions.conftest import DEVICE, edit, open_paper, pass_of, save
from tests.support.racing import PATIENCE_SECONDS, Racer, locked, wait_for_waiters

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])


def call(paper, *edits, device=DEVICE):
    return (pass_of(paper), Batch(device=device, edits=edits))


def states(rows):
    return [row[8] for row in rows]


def texts(paper):
    return list(Answer.objects.filter(submission=paper).order_by("number").values_list("text", flat=True))


@pytest.fixture
def papers(real_now):
    return [open_paper(real_now) for _ in range(3)]


def test_several_papers_are_one_statement_and_each_keeps_its_own(papers):
    same = uuid.uuid4()  # an op belongs to its paper
    calls = [
        call(papers[0], edit(text="a", op=same)),
        call(papers[1], edit(number=2, text="b"), edit(text="c")),
        call(papers[2], edit(text="d", op=same), device=uuid.UUID(int=3)),
    ]
    calls[1] = (replace(calls[1][0], paper_version=7), calls[1][1])
    connections["saves"].ensure_connection()
    with CaptureQueriesContext(connections["saves"]) as queries:
        rows = writing.write_together(calls)
    assert len(queries) == 1
    assert [states(own) for own in rows] == [["current"], ["current"] * 2, ["current"]]
    assert [row[7] for row in rows[1]] == [2, 1]
    assert [texts(paper) for paper in papers] == [["a", "", ""], ["c", "b", ""], ["d", "", ""]]
    kept = AnswerRevision.objects.order_by("submission", "number")
    assert list(kept.values_list("paper_version", "device")) == [
        (1, DEVICE),
        (7, DEVICE),
        (7, DEVICE),
        (1, uuid.UUID(int=3)),
    ]


# -- What one brings touches no other ----------------------------------------------------------------------

OF_ITS_OWN_PAPER = " where f.paper = g.paper"
OF_A_LOCKED_PAPER = "where a.submission_id = g.paper and a.number = e.number"


def save_beside_a_fault(papers):
    calls = [call(papers[0], edit(number=9), edit()), call(papers[1], edit(text="good"))]
    return [states(rows) for rows in writing.write_together(calls)]


def test_a_fault_refuses_its_own_batch_alone(papers):
    assert save_beside_a_fault(papers) == [[None, None], ["current"]]
    assert (texts(papers[0])[0], texts(papers[1])[0]) == ("", "good")


def test_control_a_fault_that_is_not_asked_for_its_paper_refuses_all(papers, monkeypatch):
    assert OF_ITS_OWN_PAPER in writing.SAVE
    monkeypatch.setattr(writing, "SAVE", writing.SAVE.replace(OF_ITS_OWN_PAPER, ""))
    assert save_beside_a_fault(papers) == [[None, None], [None]]


def test_room_for_late_drafts_is_counted_for_each_paper(real_now, monkeypatch):
    monkeypatch.setattr(writing, "MOST_LATE_DRAFTS", 2)
    closed = {"started_at": real_now - timedelta(hours=2), "deadline_at": real_now - timedelta(hours=1)}
    full, empty = (open_paper(real_now, **closed) for _ in range(2))
    save(pass_of(full), edit(), edit(number=2))
    rows = writing.write_together([call(full, edit()), call(empty, edit(), edit(number=2))])
    assert [[(row[8], row[13]) for row in own] for own in rows] == [[(None, "full")], [("late", None)] * 2]


def test_who_is_signed_out_is_left_out(papers, real_now):
    calls = [call(papers[0], edit()), call(papers[1], edit())]
    papers[0].registration.contestant.keys.update(revoked_at=real_now, revoked_reason="slip lost")
    assert [states(rows) for rows in writing.write_together(calls)] == [[], ["current"]]
    with pytest.raises(saving.SignedOut):
        saving.save_batch(save_pass=calls[0][0], batch=calls[0][1])


def meanwhile_held(papers):
    """Save two papers while somebody holds the first, and its answers, as who moves its deadline does; what
    became of both before the first was let go.
    """
    calls = [call(paper, edit(text="mine")) for paper in papers[:2]]
    together = Racer(lambda: [states(rows) for rows in writing.write_together(calls)])
    answers = Answer.objects.filter(submission=papers[0]).order_by()
    with locked(Submission.objects.filter(pk=papers[0].pk)), locked(answers):
        together.start()
        together.join(1)
        return texts(papers[1])[0], together


def test_a_paper_that_somebody_holds_keeps_nobody_else_waiting(papers):
    others, together = meanwhile_held(papers)
    assert others == "mine"
    assert together.result() == [[], ["current"]]


def test_control_a_patient_statement_keeps_the_others_waiting(papers, monkeypatch):
    monkeypatch.setattr(writing, "SAVE", writing.patient(writing.SAVE))
    others, together = meanwhile_held(papers)
    assert others == ""
    assert together.result() == [["current"], ["current"]]


def test_control_answers_locked_before_their_paper_keep_the_others_waiting(papers, monkeypatch):
    """And whoever holds that paper, and wants an answer that is locked by then, waits for ever."""
    assert OF_A_LOCKED_PAPER in writing.SAVE
    first = OF_A_LOCKED_PAPER.replace("g.paper", "e.paper")
    monkeypatch.setattr(writing, "SAVE", writing.SAVE.replace(OF_A_LOCKED_PAPER, first))
    others, together = meanwhile_held(papers)
    assert others == ""
    assert together.result() == [[], ["current"]]


def test_who_was_held_waits_alone_and_is_kept(papers):
    held, free = (Racer(lambda paper=paper: save(pass_of(paper), edit(text="mine"))) for paper in papers[:2])
    with locked(Submission.objects.filter(pk=papers[0].pk)):
        held.start()
        wait_for_waiters(1)
        free.start()
        assert [one.state for one in free.result().edits] == ["current"]
    assert [one.state for one in held.result().edits] == ["current"]


# -- Who comes together ------------------------------------------------------------------------------------


class Held:
    """The first statement waits until the test lets go; `papers` of each statement are noted."""

    def __init__(self, monkeypatch):
        self.papers = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.ask = prepared.ask
        monkeypatch.setattr(prepared, "ask", self)

    def __call__(self, statement, parameters):
        self.papers.append(parameters["papers"])
        if len(self.papers) == 1:
            self.begun.set()
            assert self.go_on.wait(PATIENCE_SECONDS)
        return self.ask(statement, parameters)


def save_while_one_is_written(held, calls):
    """The first call is at its statement; the others come meanwhile, in their order."""
    racers = []
    for count, (save_pass, batch) in enumerate(calls):
        racers.append(Racer(lambda who=save_pass, what=batch: saving.save_batch(save_pass=who, batch=what)))
        racers[-1].start()
        assert held.begun.wait(PATIENCE_SECONDS)
        for _ in range(2000):
            if len(writing.COMPANY._waiting) == count:
                break
            threading.Event().wait(0.005)
    held.go_on.set()
    return [[one.state for one in racer.result().edits] for racer in racers]


def test_those_who_come_while_one_is_written_share_the_next_statement(real_now, monkeypatch):
    papers = [open_paper(real_now) for _ in range(6)]
    calls = [call(paper, edit()) for paper in papers]
    held = Held(monkeypatch)
    assert save_while_one_is_written(held, calls) == [["current"]] * 6
    assert [one.count(",") + 1 for one in held.papers] == [1, 5]


def test_two_saves_of_one_paper_come_one_after_the_other(papers, monkeypatch):
    calls = [call(papers[0], edit()), call(papers[1], edit()), call(papers[1], edit(based_on=1))]
    held = Held(monkeypatch)
    assert save_while_one_is_written(held, calls) == [["current"]] * 3
    assert len(held.papers) == 3


def test_company_brings_no_more_edits_than_one_batch_may(papers):
    full = (pass_of(papers[0]), Batch(device=DEVICE, edits=tuple(edit(number=n) for n in range(MOST_EDITS))))
    one, half = call(papers[1], edit()), call(papers[2], *full[1].edits[: MOST_EDITS - 1])
    assert not writing.fits([full], one)
    assert writing.fits([half], one)
    assert not writing.fits([one], one)


def test_a_statement_that_fails_in_company_is_tried_by_each_alone(papers, monkeypatch, caplog):
    calls = [call(paper, edit()) for paper in papers]
    held = Held(monkeypatch)
    ask = held.ask

    def refuse_company(statement, parameters):
        if "," in parameters["papers"]:
            raise DataError("something about one of them")
        return ask(statement, parameters)

    held.ask = refuse_company
    assert save_while_one_is_written(held, calls) == [["current"]] * 3
    assert "2 saves together failed" in caplog.text


# -- Together or one by one: the same ----------------------------------------------------------------------


class World:
    """Papers in every condition, and calls for them, by chance; the same seed gives the same."""

    OPS = [uuid.UUID(int=number) for number in range(1, 9)]

    def __init__(self, real_now, seed):
        self.chance = Random(seed)
        self.papers = [self.new_paper(real_now) for _ in range(4)]
        for paper in self.papers:
            for _ in range(self.chance.randrange(3)):
                self.try_saving(paper)
        self.handed_in = [paper for paper in self.papers if self.chance.random() < 0.25]
        Submission.objects.filter(pk__in=[paper.pk for paper in self.handed_in]).update(
            submitted_at=real_now, submitted_by="contestant"
        )
        self.calls = [self.new_call(paper) for paper in self.papers]

    def new_paper(self, real_now):
        if self.chance.random() < 0.25:
            return open_paper(
                real_now, started_at=real_now - timedelta(hours=2), deadline_at=real_now - timedelta(hours=1)
            )
        return open_paper(real_now, writer=self.chance.choice([None, DEVICE, uuid.UUID(int=2)]))

    def try_saving(self, paper):
        save_pass, batch = self.new_call(paper)
        with suppress(InvalidBatch):
            saving.save_batch(save_pass=save_pass, batch=batch)

    def new_call(self, paper):
        numbers = self.chance.sample([1, 2, 3, 3, 2, 1, 9], k=self.chance.randint(1, 3))
        ops = self.chance.sample(self.OPS, k=3)
        edits = [
            edit(number, self.chance.choice(["", '"', "x,y", "{}"]), self.chance.choice([None, 0, 0, 1]), op)
            for number, op in zip(dict.fromkeys(numbers), ops, strict=False)
        ]
        return call(paper, *edits)

    def told(self, all_rows):
        """Rows without what differs between two worlds: the moment, the deadline, the paper."""
        return [[row[2:-1] for row in rows] for rows in all_rows]

    def kept(self):
        """What stands in the database, paper by paper."""
        revisions = ("op", "number", "text", "based_on", "revision", "state", "paper_version", "device")
        return [
            (
                list(Answer.objects.filter(submission=paper).order_by("number").values("text", "revision")),
                list(AnswerRevision.objects.filter(submission=paper).order_by("op").values(*revisions)),
            )
            for paper in self.papers
        ]


@pytest.mark.parametrize("seed", range(16))
def test_together_is_the_same_as_one_after_the_other(real_now, seed):
    together, apart = World(real_now, seed), World(real_now, seed)
    assert together.kept() == apart.kept()
    told = together.told(writing.write_together(together.calls))
    assert told == apart.told(writing.write_together([one])[0] for one in apart.calls)
    assert together.kept() == apart.kept()


def test_control_the_worlds_hold_every_state_and_fault(real_now):
    """Otherwise the comparison would prove little."""
    seen = set()
    for seed in range(16):
        world = World(real_now, seed)
        for row in (row for rows in writing.write_together(world.calls) for row in rows):
            seen |= {("state", row[8]), ("replayed", row[11]), ("fault", row[13]), ("writer", row[5])}
    assert seen >= {
        ("state", "current"),
        ("state", "conflict"),
        ("state", "late"),
        ("state", None),
        ("replayed", True),
        ("fault", "unknown"),
        ("fault", "reused"),
        ("writer", False),
    }
