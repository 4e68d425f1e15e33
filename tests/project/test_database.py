"""What the database itself refuses, whoever writes."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from tests import factories

pytestmark = pytest.mark.django_db


def test_points_above_the_maximum_are_refused():
    task = factories.GradingTaskFactory()
    with pytest.raises(IntegrityError, match="exceed the maximum"):
        factories.ScoreFactory(task=task, points="7.01")


def test_negative_points_are_refused():
    with pytest.raises(IntegrityError, match="points_not_negative"):
        factories.ScoreFactory(points="-0.01")


def test_points_that_are_not_a_number_are_refused():
    """Django's field refuses NaN before the database sees it; a writer beside Django does not."""
    score = factories.ScoreFactory()
    with pytest.raises(IntegrityError, match="exceed the maximum"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO grading_score"
            " (task_id, version, points, comment, note, answer_revision, grader_id, scored_at)"
            " SELECT task_id, 2, 'NaN', '', '', 1, grader_id, scored_at FROM grading_score WHERE id = %s",
            [score.pk],
        )


@pytest.mark.parametrize(
    ("factory", "change"),
    [
        (factories.ScoreFactory, {"points": 1}),
        (factories.AnswerRevisionFactory, {"text": "changed"}),
        (factories.StatementVersionFactory, {"source": "changed"}),
    ],
)
def test_append_only_rows_are_not_updated(factory, change):
    row = factory()
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**change)


@pytest.mark.parametrize("factory", [factories.ScoreFactory, factories.AnswerRevisionFactory])
def test_append_only_rows_are_not_deleted(factory):
    row = factory()
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        type(row).objects.filter(pk=row.pk).delete()


def test_statement_may_be_rendered_again():
    statement = factories.StatementVersionFactory()
    statement.html, statement.renderer = "<p>newer</p>", "newer"
    statement.save()
    statement.refresh_from_db()
    assert statement.renderer == "newer"


def test_an_op_is_unique_within_a_paper():
    revision = factories.AnswerRevisionFactory()
    with pytest.raises(IntegrityError, match="op_once"):
        factories.AnswerRevisionFactory(answer=revision.answer, op=revision.op, based_on=1, revision=2)


@pytest.mark.parametrize("revision", [None, 3])
def test_a_current_revision_follows_its_base(revision):
    with pytest.raises(IntegrityError, match="follows_its_base"):
        factories.AnswerRevisionFactory(based_on=1, revision=revision)


def test_a_choice_outside_the_enum_is_refused():
    with pytest.raises(IntegrityError, match="state_known"):
        factories.AnswerRevisionFactory(state="odd", revision=None)
