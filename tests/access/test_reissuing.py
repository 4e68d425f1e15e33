"""New keys in place of others."""

import pghistory.models
import pytest

from apps.access.models import AccessKey
from apps.access.services import issuing, reissuing, revoking
from apps.access.services.entry import KeyReplaced, redeem_key
from apps.access.services.reissuing import reissue_keys
from apps.access.services.revoking import ByIds, OfBatch
from tests.factories import AccessKeyFactory, RegistrationFactory, TimeBlockFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam():
    return TimeBlockFactory(name="Europe").exam


@pytest.fixture
def issued(exam, now):
    """Three keys of one batch."""
    return issuing.issue_anonymous_keys(exam_id=exam.pk, count=3, actor=None, now=now)


def reissue(exam, chosen, now, **fields):
    given = {"reason": "slip lost", "actor": None, **fields}
    return reissue_keys(exam_id=exam.pk, chosen=chosen, now=now, **given)


def test_reissue_keys_ends_the_old_key_and_opens_with_the_new_one(exam, issued, now):
    user = UserFactory()
    [new] = reissue(exam, ByIds([issued[1].id]), now, actor=user)
    assert (new.number, new.registration_id) == (issued[1].number, issued[1].registration_id)
    with pytest.raises(KeyReplaced):
        redeem_key(typed=issued[1].key, now=now)
    assert redeem_key(typed=new.key, now=now).registration_ids == (new.registration_id,)
    old = AccessKey.objects.get(pk=issued[1].id)
    assert (old.revoked_at, old.revoked_reason) == (now, "slip lost")
    event = pghistory.models.Events.objects.tracks(old).order_by("pgh_id").last()
    assert (event.pgh_context["actor"], event.pgh_context["reason"]) == (user.pk, "slip lost")


def test_reissue_keys_of_a_batch_leaves_out_what_was_ended_or_renewed(exam, issued, now):
    revoking.revoke_keys(
        exam_id=exam.pk, chosen=ByIds([issued[0].id]), reason="withdrew", actor=None, now=now
    )
    [newer] = reissue(exam, ByIds([issued[1].id]), now)
    again = reissue(exam, OfBatch(issued[0].batch), now)
    assert [one.number for one in again] == [issued[2].number]
    assert AccessKey.objects.valid().filter(pk=newer.id).exists()


def test_reissue_keys_of_a_batch_may_leave_those_in_use(exam, issued, now):
    redeem_key(typed=issued[0].key, now=now)
    again = reissue(exam, OfBatch(issued[0].batch, unused=True), now)
    assert [one.number for one in again] == [issued[1].number, issued[2].number]
    assert redeem_key(typed=issued[0].key, now=now)


def test_reissue_keys_brings_back_a_contestant_whose_only_key_was_revoked(exam, issued, now):
    revoking.revoke_keys(exam_id=exam.pk, chosen=ByIds([issued[0].id]), reason="mistake", actor=None, now=now)
    [new] = reissue(exam, ByIds([issued[0].id]), now)
    assert redeem_key(typed=new.key, now=now)
    assert AccessKey.objects.get(pk=issued[0].id).revoked_reason == "mistake"


def test_reissue_keys_never_ends_a_newer_key_by_an_old_row(exam, issued, now):
    [newer] = reissue(exam, ByIds([issued[0].id]), now)
    with pytest.raises(reissuing.NothingToReissue):
        reissue(exam, ByIds([issued[0].id]), now)
    assert redeem_key(typed=newer.key, now=now)


def test_reissue_keys_refuses_without_a_reason_or_for_others_keys(exam, issued, now):
    stranger = AccessKeyFactory(contestant=RegistrationFactory().contestant)
    with pytest.raises(revoking.ReasonMissing):
        reissue(exam, ByIds([issued[0].id]), now, reason=" ")
    with pytest.raises(revoking.KeyUnknown):
        reissue(exam, ByIds([stranger.pk]), now)
    with pytest.raises(revoking.BatchUnknown):
        reissue(exam, OfBatch(stranger.batch_id), now)
    assert AccessKey.objects.valid().count() == 4
