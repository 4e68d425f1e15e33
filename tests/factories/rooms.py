"""Whole rooms of papers, in a few statements: for races and benchmarks, where one by one takes minutes."""

from datetime import timedelta

from apps.access.models import Contestant, Registration
from apps.submissions.enums import SubmittedBy
from apps.submissions.models import Answer, AnswerRevision, Submission
from tests.factories.access import ContestantFactory
from tests.factories.exams import NOW, TimeBlockFactory
from tests.factories.submissions import AnswerRevisionFactory


def closed_papers(exam, count, *, now=NOW):
    """So many papers of contestants 1, 2, … handed in half an hour before `now`; no answers yet."""
    block = TimeBlockFactory(exam=exam, opens_at=now - timedelta(hours=3))
    contestants = Contestant.objects.bulk_create(
        ContestantFactory.build(contest=exam.contest, number=place + 1) for place in range(count)
    )
    registrations = Registration.objects.bulk_create(
        Registration(exam=exam, contestant=contestant, time_block=block) for contestant in contestants
    )
    return Submission.objects.bulk_create(
        Submission(
            registration=registration,
            started_at=now - timedelta(hours=2),
            deadline_at=now - timedelta(minutes=30),
            grace_seconds=30,
            submitted_at=now - timedelta(minutes=30),
            submitted_by=SubmittedBy.CONTESTANT,
        )
        for registration in registrations
    )


def hand_in_papers(problems, count, *, now=NOW, text="It is {place}, because {place} is what it is."):
    """So many closed papers of an exam, with an answer to each problem."""
    papers = closed_papers(problems[0].exam, count, now=now)
    answers = Answer.objects.bulk_create(
        (
            Answer(
                submission=paper,
                problem=problem,
                number=problem.number,
                text=text.format(place=place),
                revision=1,
            )
            for place, paper in enumerate(papers)
            for problem in problems
        ),
        batch_size=2000,
    )
    AnswerRevision.objects.bulk_create(
        (
            AnswerRevisionFactory.build(
                answer=answer, submission=answer.submission, number=answer.number, text=answer.text
            )
            for answer in answers
        ),
        batch_size=2000,
    )
    return papers
