"""Grading tasks, scores, publications."""

from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from apps.grading import models
from apps.grading.enums import ActKind
from tests.factories.exams import NOW, ExamFactory, ProblemFactory, UserFactory
from tests.factories.submissions import AnswerFactory


class GradingTaskFactory(DjangoModelFactory):
    class Meta:
        model = models.GradingTask

    answer = factory.SubFactory(AnswerFactory)
    exam = factory.SelfAttribute("answer.problem.exam")
    problem = factory.SelfAttribute("answer.problem")


class ScoreFactory(DjangoModelFactory):
    class Meta:
        model = models.Score

    task = factory.SubFactory(GradingTaskFactory)
    version = 1
    points = Decimal(7)
    answer_revision = 1
    grader = factory.SubFactory(UserFactory)
    scored_at = NOW


class ScoringActFactory(DjangoModelFactory):
    """A class of equal answers that got 5 points; its scores are made apart."""

    class Meta:
        model = models.ScoringAct

    problem = factory.SubFactory(ProblemFactory)
    exam = factory.SelfAttribute("problem.exam")
    kind = ActKind.CLASS
    text = "42"
    points = Decimal(5)
    count = 1
    grader = factory.SubFactory(UserFactory)
    done_at = NOW


class PublicationFactory(DjangoModelFactory):
    class Meta:
        model = models.Publication

    exam = factory.SubFactory(ExamFactory)
    number = 1
    published_at = NOW
