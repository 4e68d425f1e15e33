"""A room of started papers, open for another hour by the wall clock, with a page's token for each."""

import uuid
from datetime import timedelta

from apps.exams.enums import ProblemKind
from apps.submissions.gate.tokens import issue_save_token
from apps.submissions.services.saving import SavePass
from tests import factories

PROBLEMS = (1, 2, 3)


def open_room(now, count):
    """The tokens of so many pages."""
    block = factories.TimeBlockFactory(opens_at=now - timedelta(hours=1), closes_at=now + timedelta(hours=2))
    problems = [
        factories.ProblemFactory(exam=block.exam, number=number, kind=ProblemKind.PROOF)
        for number in PROBLEMS
    ]
    tokens = []
    for _ in range(count):
        registration = factories.RegistrationFactory(exam=block.exam, time_block=block)
        paper = factories.SubmissionFactory(
            registration=registration,
            started_at=now - timedelta(minutes=30),
            deadline_at=now + timedelta(hours=1),
        )
        for problem in problems:
            factories.AnswerFactory(submission=paper, problem=problem)
        key = factories.AccessKeyFactory(contestant=registration.contestant)
        tokens.append(issue_save_token(SavePass(paper.pk, key.pk, key.epoch, 1, uuid.uuid4())))
    return tokens
