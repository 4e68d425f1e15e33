"""Rows for tests, without surprises: the smallest valid one, said in one line."""

from tests.factories.access import (
    AccessKeyFactory,
    ContestantFactory,
    KeyBatchFactory,
    RegistrationFactory,
    SchoolFactory,
)
from tests.factories.exams import (
    NOW,
    ContestFactory,
    ExamFactory,
    ExamStaffFactory,
    FigureFactory,
    ProblemFactory,
    StatementVersionFactory,
    TimeBlockFactory,
    UserFactory,
)
from tests.factories.grading import (
    GradingTaskFactory,
    PublicationFactory,
    ScoreFactory,
    ScoringActFactory,
)
from tests.factories.rooms import closed_papers, hand_in_papers
from tests.factories.submissions import AnswerFactory, AnswerRevisionFactory, SubmissionFactory

__all__ = [
    "NOW",
    "AccessKeyFactory",
    "AnswerFactory",
    "AnswerRevisionFactory",
    "ContestFactory",
    "ContestantFactory",
    "ExamFactory",
    "ExamStaffFactory",
    "FigureFactory",
    "GradingTaskFactory",
    "KeyBatchFactory",
    "ProblemFactory",
    "PublicationFactory",
    "RegistrationFactory",
    "SchoolFactory",
    "ScoreFactory",
    "ScoringActFactory",
    "StatementVersionFactory",
    "SubmissionFactory",
    "TimeBlockFactory",
    "UserFactory",
    "closed_papers",
    "hand_in_papers",
]
