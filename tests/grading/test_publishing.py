"""Results are published whole, once, frozen; and taken back with a reason."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError, transaction

from apps.exams.enums import ExamStatus
from apps.grading.enums import Standing, TaskStatus
from apps.grading.models import GradingTask, Publication, Result
from apps.grading.services import publishing
from apps.submissions.models import Answer, Submission
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def missing(publish):
    """What a refusal to publish names."""

    def missing(**changes):
        with pytest.raises(publishing.WorkUnfinished) as refusal:
            publish(**changes)
        assert not Publication.objects.exists()
        return refusal.value.missing

    return missing


def result_of(registration):
    return Result.objects.get(registration=registration)


def test_publish_results_ranks_with_shared_places(grade, publish):
    papers = [grade(7, 2), grade(3, 4), grade(4, 3), grade(None, 1)]
    publication = publish()
    assert publication.number == 1
    assert [(result_of(one).total, result_of(one).rank) for one in papers] == [(9, 1), (7, 2), (7, 2), (1, 4)]


def test_publish_results_copies_what_the_pages_show(grade, publish):
    school = factories.SchoolFactory(name="Lycée")
    contestant = {"contestant__name": "Ana Kovač", "contestant__number": 417, "contestant__school": school}
    registration = grade(Decimal("6.5"), None, **contestant)
    publish()
    result = result_of(registration)
    assert (result.number, result.name, result.school) == (417, "Ana Kovač", "Lycée")
    assert result.problems[0] == {
        "number": 1,
        "kind": "integer",
        "max_points": "7",
        "points": "6.5",
        "counted": True,
        "reason": "",
        "answer": "42",
        "accepted": ["42"],
        "comment": "",
    }
    assert result.problems[1]["answer"] == ""
    assert result.problems[1]["points"] == "0"


def test_publish_results_takes_the_newest_score(grade, publish, grader):
    registration = grade(7, 7)
    task = GradingTask.objects.get(answer__number=1)
    factories.ScoreFactory(task=task, version=2, points=2, grader=grader, comment="After another look.")
    publish()
    assert result_of(registration).total == 9
    assert result_of(registration).problems[0]["comment"] == "After another look."


def test_publish_results_never_copies_the_note_for_graders(grade, publish, grader):
    registration = grade(7, 7)
    task = GradingTask.objects.get(answer__number=1)
    factories.ScoreFactory(task=task, version=2, points=2, grader=grader, note="CANARY")
    publish()
    assert "CANARY" not in str(Result.objects.filter(registration=registration).values())


def test_publish_results_lists_the_absent_without_rank_and_points(grade, publish, exam, block):
    absent = factories.RegistrationFactory(exam=exam, time_block=block)
    grade(0, 0)
    publish()
    result = result_of(absent)
    assert (result.status, result.rank, result.total) == (Standing.ABSENT, None, None)
    assert [part["points"] for part in result.problems] == [None, None]


def test_publish_results_leaves_the_disqualified_unranked_even_ungraded(grade, hand_in, publish):
    out = hand_in("42", "1", disqualification="A phone.").registration
    second = grade(1, 1)
    publish()
    assert (result_of(out).status, result_of(out).rank, result_of(out).total) == ("disqualified", None, None)
    assert result_of(second).rank == 1


def test_publish_results_never_counts_testers(grade, hand_in, publish):
    tester = hand_in("42", "1", tester=True).registration
    grade(1, 1)
    publish()
    assert not Result.objects.filter(registration=tester).exists()


def test_publish_results_leaves_a_problem_out_that_is_not_counted(grade, publish, problems):
    registration = grade(7, 2)
    problems[0].not_counted, problems[0].not_counted_reason = True, "Two answers are right."
    problems[0].save()
    publish()
    result = result_of(registration)
    assert result.total == 2
    assert (result.problems[0]["points"], result.problems[0]["reason"]) == (None, "Two answers are right.")


def test_publish_results_names_answers_that_are_not_scored(grade, hand_in, missing):
    grade(1, 1)
    hand_in("42", "1")
    GradingTask.objects.filter(answer__number=1).update(status=TaskStatus.STALE)
    assert missing() == ["Problem 1: 2 answers are not scored.", "Problem 2: 1 answer is not scored."]


def test_publish_results_names_answers_that_changed_after_scoring_also_unnoticed(grade, missing):
    grade(1, 1)
    Answer.objects.filter(number=2).update(text="43", revision=2)
    assert missing() == ["Problem 2: 1 answer is not scored."]


def test_publish_results_names_open_papers_and_until_when(grade, hand_in, missing, exam):
    grade(1, 1)
    hand_in("42", "1", submitted=False)
    assert missing() == ["1 paper is still open until 17:00, 14 March 2026."]


def test_publish_results_names_blocks_that_have_not_opened(grade, missing, exam, now):
    grade(1, 1)
    later = factories.TimeBlockFactory(exam=exam, name="America", opens_at=now + timedelta(hours=1))
    factories.RegistrationFactory(exam=exam, time_block=later)
    assert missing() == [
        "Time block “America” opens at 17:00, 14 March 2026, unless the exam is closed before."
    ]


def test_publish_results_closes_the_exam_to_those_who_could_still_start(grade, publish, exam, now):
    grade(1, 1)
    running = factories.TimeBlockFactory(exam=exam, opens_at=now - timedelta(minutes=5))
    late = factories.RegistrationFactory(exam=exam, time_block=running)
    publication = publish()
    exam.refresh_from_db()
    assert exam.status == ExamStatus.CLOSED
    assert publication.results.get(registration=late).status == "absent"


def test_publish_results_leaves_an_exam_ready_when_nobody_is_awaited(grade, publish, exam):
    grade(1, 1)
    publish()
    exam.refresh_from_db()
    assert exam.status == ExamStatus.READY


def test_publish_results_waits_for_no_block_once_the_exam_is_closed(grade, publish, exam, now):
    grade(1, 1)
    factories.RegistrationFactory(
        exam=exam, time_block=factories.TimeBlockFactory(exam=exam, opens_at=now + timedelta(hours=1))
    )
    exam.status = ExamStatus.CLOSED
    exam.save()
    assert publish().number == 1


def test_publish_results_names_scores_above_what_a_problem_is_worth_now(grade, missing, problems):
    grade(7, 1)
    problems[0].max_points = 5
    problems[0].save()
    assert missing() == ["Problem 1: 1 score is above what the problem is worth now."]


def test_publish_results_is_refused_for_an_exam_without_contestants(exam, missing):
    assert missing() == ["Nobody is registered for this exam."]


def test_publish_results_again_makes_the_next_number(grade, publish):
    grade(1, 1)
    publish()
    assert publish(newest_seen=1).number == 2


def test_publish_results_twice_by_a_double_press_is_refused(grade, publish):
    grade(1, 1)
    publish(newest_seen=0)
    with pytest.raises(publishing.PublishedMeanwhile):
        publish(newest_seen=0)


def test_results_are_frozen_by_the_database(grade, publish):
    grade(1, 1)
    publish()
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Result.objects.update(total=100)


def test_withdraw_results_takes_all_publications_back(grade, publish, exam, organiser, now):
    grade(1, 1)
    publish()
    publish()
    withdrawn = publishing.withdraw_results(
        exam_id=exam.pk, actor=organiser, reason="Problem 2 was misread.", now=now
    )
    assert withdrawn == 2
    assert not Publication.objects.standing().exists()
    assert set(Publication.objects.values_list("withdrawn_reason", "withdrawn_by")) == {
        ("Problem 2 was misread.", organiser.pk)
    }
    assert publish().number == 3


def test_withdraw_results_needs_a_reason(grade, publish, exam, organiser, now):
    grade(1, 1)
    publish()
    with pytest.raises(publishing.WithdrawalReasonMissing):
        publishing.withdraw_results(exam_id=exam.pk, actor=organiser, reason=" ", now=now)


def test_withdraw_results_is_refused_when_nothing_is_published(exam, organiser, now):
    with pytest.raises(publishing.NothingPublished):
        publishing.withdraw_results(exam_id=exam.pk, actor=organiser, reason="Too early.", now=now)


@pytest.mark.parametrize("contestants", [1, 3])
def test_publish_results_query_count_does_not_grow(grade, publish, django_assert_num_queries, contestants):
    for _ in range(contestants):
        grade(1, 1)
    with django_assert_num_queries(20):
        publish()


def test_publish_results_names_a_paper_that_was_reopened_after_it_was_scored(grade, missing, now):
    registration = grade(1, 1)
    Submission.objects.filter(registration=registration).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(minutes=10)
    )
    assert missing() == ["1 paper is still open until 16:10, 14 March 2026."]
