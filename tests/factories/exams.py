"""Exams, problems and staff."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import factory
from django.contrib.auth import get_user_model
from factory.django import DjangoModelFactory

from apps.exams import models
from apps.exams.enums import ExamStatus, FigureKind, ProblemKind, StaffRole

NOW = datetime(2026, 3, 14, 15, 0, tzinfo=UTC)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/></svg>'


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"staff{n}")
    is_staff = True


class ContestFactory(DjangoModelFactory):
    class Meta:
        model = models.Contest

    slug = factory.Sequence(lambda n: f"contest-{n}")
    title = "Spring Contest"


class ExamFactory(DjangoModelFactory):
    """A ready exam with a common clock."""

    class Meta:
        model = models.Exam

    contest = factory.SubFactory(ContestFactory)
    slug = factory.Sequence(lambda n: f"exam-{n}")
    title = "Spring Round"
    zone = "Europe/Berlin"
    status = ExamStatus.READY


class ExamStaffFactory(DjangoModelFactory):
    class Meta:
        model = models.ExamStaff

    user = factory.SubFactory(UserFactory)
    exam = factory.SubFactory(ExamFactory)
    role = StaffRole.ORGANISER


class TimeBlockFactory(DjangoModelFactory):
    """Two hours around `NOW`: opened an hour ago."""

    class Meta:
        model = models.TimeBlock

    exam = factory.SubFactory(ExamFactory)
    name = factory.Sequence(lambda n: f"Block {n}")
    opens_at = NOW - timedelta(hours=1)
    closes_at = factory.LazyAttribute(lambda block: block.opens_at + timedelta(hours=2))


class ProblemFactory(DjangoModelFactory):
    """A problem with its first statement."""

    class Meta:
        model = models.Problem
        skip_postgeneration_save = True

    exam = factory.SubFactory(ExamFactory)
    number = factory.Sequence(lambda n: n + 1)
    kind = ProblemKind.INTEGER
    max_points = Decimal(7)
    accepted = factory.LazyFunction(lambda: ["42"])
    statement = factory.RelatedFactory(
        "tests.factories.exams.StatementVersionFactory", factory_related_name="problem"
    )


class StatementVersionFactory(DjangoModelFactory):
    class Meta:
        model = models.StatementVersion

    problem = factory.SubFactory(ProblemFactory, statement=None)
    version = 1
    source = "What is six times seven?"
    html = "<p>What is six times seven?</p>"
    renderer = "test"
    since_version = 1
    created_at = NOW - timedelta(days=1)


class FigureFactory(DjangoModelFactory):
    class Meta:
        model = models.Figure

    exam = factory.SubFactory(ExamFactory)
    name = factory.Sequence(lambda n: f"figure-{n}.svg")
    kind = FigureKind.SVG
    content = SVG
    width = 10
    height = 10
    digest = "0" * 64
