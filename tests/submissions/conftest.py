"""A paper to write on, and passes to save with."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine

from apps.exams.enums import ProblemKind
from apps.submissions.rules.batch import Batch, Edit
from apps.submissions.services import saving
from apps.submissions.services.saving import SavePass
from tests import factories
from tests.support.entering import enter


@pytest.fixture
def paper(real_now):
    """A started paper with problems 1 to 3, open for another hour by the database's clock."""
    return open_paper(real_now)


def open_paper(real_now, **changes):
    block = factories.TimeBlockFactory(opens_at=real_now - timedelta(hours=1))
    registration = factories.RegistrationFactory(exam=block.exam, time_block=block)
    times = {"started_at": real_now - timedelta(minutes=30), "deadline_at": real_now + timedelta(hours=1)}
    submission = factories.SubmissionFactory(registration=registration, **(times | changes))
    for number in (1, 2, 3):
        problem = factories.ProblemFactory(exam=block.exam, number=number, kind=ProblemKind.INTEGER)
        factories.AnswerFactory(submission=submission, problem=problem)
    factories.AccessKeyFactory(contestant=registration.contestant)
    return submission


@pytest.fixture
def save_pass(paper):
    return pass_of(paper)


def pass_of(submission):
    key = submission.registration.contestant.keys.get()
    return SavePass(submission_id=submission.pk, key_id=key.pk, epoch=key.epoch, paper_version=1)


DEVICE = uuid.UUID(int=1)


def edit(number=1, text="42", based_on=0, op=None):
    return Edit(op=op or uuid.uuid4(), number=number, text=text, based_on=based_on)


def save(save_pass, *edits, device=DEVICE):
    return saving.save_batch(save_pass=save_pass, batch=Batch(device=device, edits=edits))


@pytest.fixture
def registration():
    """Ana, for an exam with two problems; its block is open from an hour before `NOW` to an hour after."""
    block = factories.TimeBlockFactory(zone="Europe/Berlin")
    for number in (1, 2):
        factories.ProblemFactory(exam=block.exam, number=number)
    return factories.RegistrationFactory(exam=block.exam, time_block=block)


@pytest.fixture
def at(client, registration):
    """`at(moment).get(path)` as Ana at that moment."""
    travellers = []

    def travel(moment):
        for traveller in travellers:
            traveller.stop()
        traveller = time_machine.travel(moment, tick=False)
        traveller.start()
        travellers[:] = [traveller]
        return enter(client, registration)

    yield travel
    for traveller in travellers:
        traveller.stop()


def text_of(response):
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))
