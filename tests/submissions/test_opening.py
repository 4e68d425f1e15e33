"""Opening a paper: one statement that checks, takes the pen and reads."""

import pytest
from django.db import connections, transaction

from apps.submissions.models import Answer, Submission
from apps.submissions.services import opening
from tests import factories
from tests.support.racing import Racer, locked, wait_for_waiters


def waits_for_the_disk():
    with connections["saves"].cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True, databases=["default", "saves"])
class TestOpenPaper:
    """A save of the page before holds the paper while this page is opened."""

    @pytest.fixture
    def registration(self):
        answer = factories.AnswerFactory(text="before", revision=1)
        factories.AccessKeyFactory(contestant=answer.submission.registration.contestant)
        return answer.submission.registration

    def open_while_it_is_saved(self, registration):
        key = registration.contestant.keys.get()
        with locked(Submission.objects.all()):
            opener = Racer(
                lambda: opening.open_paper(
                    key_id=key.pk, epoch=key.epoch, registration_id=registration.pk
                ).own.answers[0]
            )
            opener.start()
            wait_for_waiters(1)
            Answer.objects.update(text="saved meanwhile", revision=2)
        answer = opener.result()
        return answer.text, answer.revision

    def test_shows_what_is_saved_while_it_waits(self, registration):
        assert self.open_while_it_is_saved(registration) == ("saved meanwhile", 2)

    def test_control_without_the_lock_it_shows_the_text_from_before(self, registration, monkeypatch):
        monkeypatch.setattr(opening, "OPEN", opening.OPEN.replace("for no key update of a", ""))
        assert self.open_while_it_is_saved(registration) == ("before", 1)

    def test_takes_the_pen(self, registration):
        key = registration.contestant.keys.get()
        opened = opening.open_paper(key_id=key.pk, epoch=key.epoch, registration_id=registration.pk)
        assert Submission.objects.get().writer == opened.page

    def test_does_not_wait_for_the_disk_and_leaves_the_connection_as_it_was(self, registration):
        key = registration.contestant.keys.get()
        with transaction.atomic(using="saves"):
            opening.open_paper(key_id=key.pk, epoch=key.epoch, registration_id=registration.pk)
            assert waits_for_the_disk() == "off"
        assert waits_for_the_disk() == "on"

    @pytest.mark.parametrize("change", [{"epoch": 2}, {"key_id": 0}])
    def test_does_nothing_for_a_key_that_does_not_open(self, registration, change):
        key = registration.contestant.keys.get()
        asked = {"key_id": key.pk, "epoch": key.epoch, "registration_id": registration.pk} | change
        assert opening.open_paper(**asked) is None
        assert Submission.objects.get().writer is None

    def test_a_registration_of_somebody_else_counts_as_none_chosen(self, registration):
        other = factories.AccessKeyFactory()
        opened = opening.open_paper(key_id=other.pk, epoch=other.epoch, registration_id=registration.pk)
        assert (opened.own, opened.contestant.registration_id) == (None, None)
        assert Submission.objects.get().writer is None
