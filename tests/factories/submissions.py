"""Papers and answers."""

import uuid
from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from apps.submissions import models
from apps.submissions.enums import RevisionState
from tests.factories.access import RegistrationFactory
from tests.factories.exams import NOW, ProblemFactory


class SubmissionFactory(DjangoModelFactory):
    """A paper that was started half an hour before `NOW` and ends an hour after it; no answers yet."""

    class Meta:
        model = models.Submission

    registration = factory.SubFactory(RegistrationFactory)
    started_at = NOW - timedelta(minutes=30)
    deadline_at = NOW + timedelta(hours=1)
    grace_seconds = 30


class AnswerFactory(DjangoModelFactory):
    """A blank answer."""

    class Meta:
        model = models.Answer

    submission = factory.SubFactory(SubmissionFactory)
    problem = factory.SubFactory(
        ProblemFactory, exam=factory.SelfAttribute("..submission.registration.exam"), number=1
    )
    number = factory.SelfAttribute("problem.number")


class AnswerRevisionFactory(DjangoModelFactory):
    class Meta:
        model = models.AnswerRevision

    answer = factory.SubFactory(AnswerFactory)
    submission = factory.SelfAttribute("answer.submission")
    op = factory.LazyFunction(uuid.uuid4)
    number = factory.SelfAttribute("answer.number")
    text = "42"
    based_on = 0
    revision = 1
    state = RevisionState.CURRENT
    paper_version = 1
    received_at = NOW
