"""What may be changed how late: the table, and every door that keeps to it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.exams.forms import ExamForm, ProblemForm
from apps.exams.models import Exam
from apps.exams.rules.changes import RULES, Reach, Verdict, objections
from apps.exams.services import editing, lifecycle, saving
from apps.exams.services.changing import ChangeRefused, ChangeUnconfirmed, Consent, reach_of
from tests import factories
from tests.exams.papers import SVG
from tests.factories import NOW

FREE, ASK, REFUSE = Verdict
CONSENT = Consent(given=True, reason="A misprint.")

# What an organiser may do once somebody has started, and once scores were given.
TABLE = {
    "exam.title": (FREE, FREE),
    "exam.slug": (REFUSE, REFUSE),
    "exam.zone": (ASK, ASK),
    "exam.clock": (REFUSE, REFUSE),
    "exam.duration_minutes": (ASK, ASK),
    "exam.late_start": (ASK, ASK),
    "exam.grace_seconds": (ASK, ASK),
    "exam.blind": (FREE, ASK),
    "exam.results": (ASK, ASK),
    "exam.instructions": (ASK, ASK),
    "exam.draft": (REFUSE, REFUSE),
    "block.added": (FREE, FREE),
    "block.removed": (ASK, ASK),
    "block.name": (FREE, FREE),
    "block.zone": (ASK, ASK),
    "block.opens_at": (ASK, ASK),
    "block.last_entry_at": (ASK, ASK),
    "block.closes_at": (ASK, ASK),
    "problem.added": (REFUSE, REFUSE),
    "problem.removed": (REFUSE, REFUSE),
    "problem.number": (REFUSE, REFUSE),
    "problem.kind": (REFUSE, REFUSE),
    "problem.max_points": (ASK, REFUSE),
    "problem.accepted": (FREE, ASK),
    "problem.solution": (FREE, FREE),
    "problem.pages": (ASK, ASK),
    "problem.not_counted": (ASK, ASK),
    "problem.not_counted_reason": (FREE, FREE),
    "statement.text": (ASK, ASK),
    "statement.labels": (REFUSE, REFUSE),
    "statement.note": (FREE, FREE),
    "figure.added": (FREE, FREE),
    "figure.replaced": (ASK, ASK),
    "figure.removed": (FREE, FREE),
}


def test_the_table_knows_every_kind_of_change():
    assert set(TABLE) == set(RULES)


@pytest.mark.parametrize(
    ("form", "beside"),
    [
        (ExamForm, {"contest", "status", "consent", "reason"}),
        (ProblemForm, {"exam", "statement", "choices", "note", "consent", "reason"}),
    ],
)
def test_the_table_knows_every_field_of_the_pages(form, beside):
    """One that it does not know could be changed by nobody."""
    noun = form._meta.model._meta.model_name
    assert {f"{noun}.{name}" for name in set(form.base_fields) - beside} <= set(RULES)


@pytest.mark.parametrize(("kind", "verdicts"), TABLE.items())
def test_objections_by_reach(kind, verdicts):
    assert objections(Reach.NEW, [kind]) == ()
    for reach, verdict in zip((Reach.STARTED, Reach.SCORED), verdicts, strict=True):
        found = objections(reach, [kind])
        assert [objection.verdict for objection in found] == ([] if verdict is FREE else [verdict])
        # Whatever is not free says why, in words.
        assert all(objection.why.endswith(".") for objection in found)


def test_objections_say_what_they_are_about():
    (objection,) = objections(Reach.STARTED, ["exam.title", "exam.slug"])
    assert str(objection) == "The slug: Receipts name it, and the address of the results."


@pytest.fixture
def problem(db):
    exam = factories.ExamFactory(clock="personal", duration_minutes=60)
    factories.TimeBlockFactory(exam=exam, name="Main", opens_at=NOW + timedelta(days=1))
    problem = factories.ProblemFactory(exam=exam, number=1, kind="choice", accepted=["A"], statement=None)
    editing.put_figure(exam_id=exam.pk, name="shown.svg", data=SVG, actor=None)
    editing.put_figure(exam_id=exam.pk, name="unshown.svg", data=SVG, actor=None)
    state(problem, "Which? ![t](shown.svg)")
    return problem


LABELS = [{"label": "A", "text": "one"}, {"label": "B", "text": "two"}]


def state(problem, source, labels=LABELS, note="", **consent):
    editing.add_statement_version(
        problem_id=problem.pk, source=source, choices=labels, note=note, actor=None, now=NOW, **consent
    )


def exam_field(**changes):
    def change(problem, **consent):
        exam = Exam.objects.get(pk=problem.exam_id)
        for name, value in changes.items():
            setattr(exam, name, value)
        saving.save_exam(exam=exam, fields=changes, actor=None, **consent)

    return change


def problem_field(**changes):
    def change(problem, **consent):
        problem.refresh_from_db()
        for name, value in changes.items():
            setattr(problem, name, value)
        latest = problem.statements.order_by("-version").first()
        text = saving.StatementText(latest.source, latest.choices, latest.note)
        saving.save_problem(problem=problem, fields=changes, statement=text, actor=None, now=NOW, **consent)

    return change


def statement(source="Which? ![t](shown.svg)", **changes):
    return lambda problem, **consent: state(problem, source, **changes, **consent)


def figure(name):
    data = SVG.replace(b"20 20", b"9 9")
    return lambda problem, **consent: editing.put_figure(
        exam_id=problem.exam_id, name=name, data=data, actor=None, **consent
    )


def add_problem(problem, **consent):
    new = factories.ProblemFactory.build(exam=problem.exam, number=2, statement=None)
    text = saving.StatementText("New.")
    saving.save_problem(problem=new, fields=[], statement=text, actor=None, now=NOW, **consent)


# How each kind of change is made through its service. Those of time blocks are made on the exam's page.
DOORS = {
    "exam.title": exam_field(title="Autumn"),
    "exam.slug": exam_field(slug="autumn"),
    "exam.zone": exam_field(zone="Europe/London"),
    "exam.clock": exam_field(clock="common", duration_minutes=None),
    "exam.duration_minutes": exam_field(duration_minutes=90),
    "exam.late_start": exam_field(late_start="full_time"),
    "exam.grace_seconds": exam_field(grace_seconds=60),
    "exam.blind": exam_field(blind=False),
    "exam.results": exam_field(results="public"),
    "exam.instructions": exam_field(instructions="New."),
    "problem.number": problem_field(number=7),
    "problem.max_points": problem_field(max_points=Decimal(5)),
    "problem.accepted": problem_field(accepted=["B"]),
    "problem.solution": problem_field(solution="New."),
    "problem.pages": problem_field(pages=True),
    "problem.not_counted": problem_field(not_counted=True, not_counted_reason="Two are right."),
    "problem.added": add_problem,
    "statement.text": statement("Which one? ![t](shown.svg)"),
    "statement.labels": statement(labels=[*LABELS, {"label": "C", "text": "three"}]),
    "statement.note": statement(note="Read it again."),
    "figure.added": figure("new.svg"),
    "figure.replaced": figure("shown.svg"),
}


def come_to(reach, problem):
    started_at = None if reach is Reach.NEW else NOW
    Exam.objects.filter(pk=problem.exam_id).update(first_started_at=started_at)
    problem.first_scored_at = NOW if reach is Reach.SCORED else None
    problem.save()
    assert reach_of(Exam.objects.get(pk=problem.exam_id)) == reach


@pytest.mark.parametrize("reach", Reach)
@pytest.mark.parametrize("kind", DOORS)
def test_services_keep_to_the_table(problem, kind, reach):
    come_to(reach, problem)
    verdict = FREE if reach is Reach.NEW else TABLE[kind][reach - 1]
    before = Exam.objects.get(pk=problem.exam_id).version
    change = DOORS[kind]
    if verdict is FREE:
        change(problem)
    elif verdict is ASK:
        for half in (Consent(), Consent(given=True), Consent(given=True, reason=" "), Consent(reason="So.")):
            with pytest.raises(ChangeUnconfirmed):
                change(problem, consent=half)
        assert Exam.objects.get(pk=problem.exam_id).version == before
        change(problem, consent=CONSENT)
    else:
        with pytest.raises(ChangeRefused):
            change(problem, consent=CONSENT)
    is_changed = Exam.objects.get(pk=problem.exam_id).version > before
    assert is_changed is (verdict is not REFUSE)


@pytest.mark.parametrize("reach", Reach)
def test_removing_a_problem_keeps_to_the_table(problem, reach):
    come_to(reach, problem)
    if reach is Reach.NEW:
        saving.remove_problem(problem_id=problem.pk, actor=None)
        assert not Exam.objects.get(pk=problem.exam_id).problems.exists()
    else:
        with pytest.raises(ChangeRefused, match="Papers hold answers to it"):
            saving.remove_problem(problem_id=problem.pk, actor=None)


@pytest.mark.parametrize("reach", Reach)
def test_going_back_to_draft_keeps_to_the_table(problem, reach):
    come_to(reach, problem)
    if reach is Reach.NEW:
        lifecycle.return_to_draft(exam_id=problem.exam_id, actor=None)
    else:
        with pytest.raises(ChangeRefused, match="Close the exam instead"):
            lifecycle.return_to_draft(exam_id=problem.exam_id, actor=None)


def test_replacing_a_figure_that_nothing_shows_is_free(problem):
    come_to(Reach.SCORED, problem)
    figure("unshown.svg")(problem)
    # The same image again is no change at all.
    editing.put_figure(exam_id=problem.exam_id, name="shown.svg", data=SVG, actor=None)


def test_one_problem_that_was_scored_does_not_bind_the_others(problem):
    other = factories.ProblemFactory(exam=problem.exam, number=2)
    come_to(Reach.SCORED, problem)
    problem_field(max_points=Decimal(5))(other, consent=CONSENT)


def test_the_reason_stands_in_the_history(problem):
    come_to(Reach.STARTED, problem)
    exam_field(zone="Europe/London")(problem, consent=CONSENT)
    event = problem.exam.events.model.objects.filter(pgh_obj=problem.exam).latest("pgh_id")
    assert event.pgh_context.metadata["act"] == "save_exam"
    assert event.pgh_context.metadata["reason"] == "A misprint."


def test_save_exam_writes_nothing_but_the_fields(problem):
    exam = Exam.objects.get(pk=problem.exam_id)
    Exam.objects.filter(pk=exam.pk).update(title="By somebody else")
    exam.results = "list"
    saving.save_exam(exam=exam, fields=["results"], actor=None)
    exam.refresh_from_db()
    assert (exam.title, exam.results) == ("By somebody else", "list")


def test_save_exam_of_the_same_values_changes_nothing(problem):
    exam = Exam.objects.get(pk=problem.exam_id)
    saving.save_exam(exam=exam, fields=["title", "zone"], actor=None)
    assert Exam.objects.get(pk=exam.pk).version == exam.version
