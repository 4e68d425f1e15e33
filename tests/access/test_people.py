"""Correcting one contestant or one registration."""

import pytest

from apps.access.services import people
from tests.factories import RegistrationFactory, SchoolFactory, TimeBlockFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration():
    return RegistrationFactory()


def test_change_contestant_sets_the_named_fields_only(registration):
    contestant = registration.contestant
    school = SchoolFactory(contest=contestant.contest)
    people.change_contestant(
        contestant_id=contestant.pk, changes={"school": school, "room": "101"}, actor=None
    )
    contestant.refresh_from_db()
    assert (contestant.school, contestant.room, contestant.name) == (school, "101", "Ana Kovač")


def test_change_contestant_refuses_a_school_of_another_contest(registration):
    with pytest.raises(people.SchoolOfAnotherContest):
        people.change_contestant(
            contestant_id=registration.contestant_id, changes={"school": SchoolFactory()}, actor=None
        )


def test_change_registration_refuses_a_time_block_of_another_exam(registration):
    with pytest.raises(people.TimeBlockOfAnotherExam):
        people.change_registration(
            registration_id=registration.pk, changes={"time_block": TimeBlockFactory()}, actor=None
        )
    block = TimeBlockFactory(exam=registration.exam)
    people.change_registration(registration_id=registration.pk, changes={"time_block": block}, actor=None)
    registration.refresh_from_db()
    assert registration.time_block == block


@pytest.mark.parametrize("name", ["number", "contest", "pk"])
def test_what_stands_on_the_slip_is_never_changed(registration, name):
    with pytest.raises(ValueError, match="Not to be changed here"):
        people.change_contestant(contestant_id=registration.contestant_id, changes={name: 1}, actor=None)
