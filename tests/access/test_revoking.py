"""Ending keys and sessions."""

import pghistory.models
import pytest

from apps.access.models import AccessKey
from apps.access.services import revoking
from apps.access.services.revoking import (
    ByIds,
    Everybody,
    OfBatch,
    OfContestants,
    end_sessions,
    revoke_keys,
)
from tests.factories import AccessKeyFactory, KeyBatchFactory, RegistrationFactory, TimeBlockFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam():
    return TimeBlockFactory().exam


@pytest.fixture
def three(exam):
    """Three contestants of the exam; the first two have keys of one batch."""
    batch = KeyBatchFactory(exam=exam)
    people = [
        RegistrationFactory(exam=exam, contestant__number=number).contestant for number in (417, 418, 419)
    ]
    return [
        AccessKeyFactory(contestant=people[0], batch=batch),
        AccessKeyFactory(contestant=people[1], batch=batch),
        AccessKeyFactory(contestant=people[2]),
    ]


@pytest.fixture
def stranger():
    """A key of another contest's exam."""
    return AccessKeyFactory(contestant=RegistrationFactory(contestant__number=900).contestant)


def revoked():
    return sorted(AccessKey.objects.exclude(revoked_at=None).values_list("contestant__number", flat=True))


@pytest.mark.parametrize(
    ("choose", "numbers"),
    [
        (lambda keys: Everybody(), [417, 418, 419]),
        (lambda keys: OfContestants([418, 419]), [418, 419]),
        (lambda keys: OfBatch(keys[0].batch_id), [417, 418]),
        (lambda keys: ByIds([keys[2].pk]), [419]),
    ],
)
def test_revoke_keys_revokes_the_chosen_ones(exam, three, stranger, now, choose, numbers):
    count = revoke_keys(exam_id=exam.pk, chosen=choose(three), reason=" lost ", actor=None, now=now)
    assert (count, revoked()) == (len(numbers), numbers)
    key = AccessKey.objects.get(contestant__number=numbers[0])
    assert (key.revoked_at, key.revoked_reason) == (now, "lost")
    event = pghistory.models.Events.objects.tracks(key).order_by("pgh_id").last()
    assert (event.pgh_context["act"], event.pgh_context["reason"]) == ("revoke_keys", "lost")


def test_revoke_keys_leaves_revoked_ones_as_they_are(exam, three, now):
    revoke_keys(exam_id=exam.pk, chosen=OfContestants([417]), reason="first", actor=None, now=now)
    assert revoke_keys(exam_id=exam.pk, chosen=Everybody(), reason="second", actor=None, now=now) == 2
    three[0].refresh_from_db()
    assert three[0].revoked_reason == "first"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_revoke_keys_wants_a_reason(exam, three, now, reason):
    with pytest.raises(revoking.ReasonMissing):
        revoke_keys(exam_id=exam.pk, chosen=Everybody(), reason=reason, actor=None, now=now)
    with pytest.raises(revoking.ReasonMissing):
        end_sessions(exam_id=exam.pk, chosen=Everybody(), reason=reason, actor=None)
    assert revoked() == []


@pytest.mark.parametrize(
    ("choose", "refusal"),
    [
        (lambda key: OfContestants([417, 900, 5]), revoking.ContestantUnknown),
        (lambda key: OfBatch(key.batch_id), revoking.BatchUnknown),
        (lambda key: ByIds([key.pk]), revoking.KeyUnknown),
    ],
)
def test_revoke_keys_revokes_nothing_if_something_is_of_another_exam(
    exam, three, stranger, now, choose, refusal
):
    with pytest.raises(refusal):
        revoke_keys(exam_id=exam.pk, chosen=choose(stranger), reason="lost", actor=None, now=now)
    assert revoked() == []


def test_contestant_unknown_names_the_numbers(exam, three, now):
    with pytest.raises(revoking.ContestantUnknown, match=r"Nobody in this exam has the number 0900, 0005\."):
        revoke_keys(exam_id=exam.pk, chosen=OfContestants([417, 900, 5]), reason="lost", actor=None, now=now)


def test_end_sessions_starts_a_new_epoch_of_the_chosen_valid_keys(exam, three, stranger, now):
    revoke_keys(exam_id=exam.pk, chosen=OfContestants([418]), reason="lost", actor=None, now=now)
    assert end_sessions(exam_id=exam.pk, chosen=Everybody(), reason="shared computer", actor=None) == 2
    epochs = dict(AccessKey.objects.values_list("contestant__number", "epoch"))
    assert epochs == {417: 2, 418: 1, 419: 2, 900: 1}
