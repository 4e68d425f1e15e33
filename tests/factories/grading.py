"""Grading tasks, scores, publications."""

from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from apps.grading import models
from tests.factories.exams import NOW, ExamFactory, UserFactory
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


class PublicationFactory(DjangoModelFactory):
    class Meta:
        model = models.Publication

    exam = factory.SubFactory(ExamFactory)
    number = 1
    published_at = NOW
