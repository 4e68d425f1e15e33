"""Contestants, registrations and keys."""

import hashlib

import factory
from factory.django import DjangoModelFactory

from apps.access import models
from tests.factories.exams import NOW, ContestFactory, ExamFactory, TimeBlockFactory


class SchoolFactory(DjangoModelFactory):
    class Meta:
        model = models.School

    contest = factory.SubFactory(ContestFactory)
    code = factory.Sequence(lambda n: f"S{n}")
    name = factory.Sequence(lambda n: f"School {n}")


class ContestantFactory(DjangoModelFactory):
    class Meta:
        model = models.Contestant

    contest = factory.SubFactory(ContestFactory)
    number = factory.Sequence(lambda n: n + 1)
    name = "Ana Kovač"


class RegistrationFactory(DjangoModelFactory):
    """A contestant of the exam's own contest, in a block of that exam."""

    class Meta:
        model = models.Registration

    exam = factory.SubFactory(ExamFactory)
    contestant = factory.SubFactory(ContestantFactory, contest=factory.SelfAttribute("..exam.contest"))
    time_block = factory.SubFactory(TimeBlockFactory, exam=factory.SelfAttribute("..exam"))


class KeyBatchFactory(DjangoModelFactory):
    class Meta:
        model = models.KeyBatch

    exam = factory.SubFactory(ExamFactory)
    created_at = NOW
    key_count = 1


def some_exam(contestant):
    """An exam of the contestant's contest; the only one, as a rule."""
    return contestant.contest.exams.first() or ExamFactory(contest=contestant.contest)


class AccessKeyFactory(DjangoModelFactory):
    """A valid key whose plaintext nobody knows; tests that enter issue a real one through the service."""

    class Meta:
        model = models.AccessKey

    contestant = factory.SubFactory(ContestantFactory)
    batch = factory.SubFactory(
        KeyBatchFactory, exam=factory.LazyAttribute(lambda batch: some_exam(batch.factory_parent.contestant))
    )
    digest = factory.Sequence(lambda n: hashlib.sha256(str(n).encode()).digest())
    hint = "ABCD"
    issued_at = NOW
