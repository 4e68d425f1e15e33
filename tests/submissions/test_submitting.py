"""Handing in, closing by time, receipts."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext

from apps.submissions.models import Answer, Receipt, Submission
from apps.submissions.rules import receipts
from apps.submissions.selectors.receipts import find_receipt, get_own_receipt
from apps.submissions.services import closing, submitting
from tests import factories
from tests.support.racing import Racer, locked, race, wait_for_waiters

SECOND = timedelta(seconds=1)


@pytest.fixture
def paper(now):
    """A paper whose deadline is `now`, with one answer and one blank; grace is 30 seconds."""
    submission = factories.SubmissionFactory(deadline_at=now, started_at=now - timedelta(hours=1))
    exam = submission.registration.exam
    for number, text in ((1, "42"), (2, "")):
        problem = factories.ProblemFactory(exam=exam, number=number)
        factories.AnswerFactory(submission=submission, problem=problem, text=text, revision=len(text))
    return submission


def submit(paper, now):
    return submitting.submit_paper(submission_id=paper.pk, now=now)


@pytest.mark.django_db
class TestSubmitPaper:
    @pytest.mark.parametrize(
        ("seconds_after_deadline", "accepted"), [(-1, True), (29, True), (30, True), (31, False)]
    )
    def test_is_refused_after_deadline_and_grace(self, paper, now, seconds_after_deadline, accepted):
        moment = now + seconds_after_deadline * SECOND
        if accepted:
            assert submit(paper, moment).submission == paper
        else:
            with pytest.raises(submitting.SubmissionClosed):
                submit(paper, moment)
        assert Submission.objects.filter(submitted_at=moment, submitted_by="contestant").exists() == accepted

    def test_again_is_the_same_receipt(self, paper, now):
        first = submit(paper, now)
        assert submit(paper, now + timedelta(days=1)) == first
        assert Receipt.objects.count() == 1

    def test_takes_two_statements_and_again_two(self, paper, now):
        for _ in range(2):
            with CaptureQueriesContext(connections["default"]) as queries:
                submit(paper, now)
            statements = [
                query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))
            ]
            assert len(statements) == 2

    def test_of_a_registration_is_the_same(self, paper, now):
        receipt = submitting.submit_own_paper(registration_id=paper.registration_id, now=now)
        assert submit(paper, now) == receipt

    def test_is_refused_where_there_is_no_paper(self, now):
        for submit_any in (
            lambda: submitting.submit_paper(submission_id=0, now=now),
            lambda: submitting.submit_own_paper(registration_id=0, now=now),
        ):
            with pytest.raises(submitting.NotStarted):
                submit_any()

    def test_numbers_are_only_taken_for_receipts(self, paper, now):
        first = submit(paper, now)
        for _ in range(3):
            submit(paper, now)
        Submission.objects.update(submitted_at=None, submitted_by="", reopened_at=now)
        assert submit(paper, now).pk == first.pk + 1

    def test_the_receipt_certifies_every_answer(self, paper, now):
        body = json.loads(submit(paper, now).body)
        assert body["contestant"] == paper.registration.contestant.public_number
        assert body["exam"] == paper.registration.exam.slug
        assert body["submitted_at"] == "2026-03-14T15:00:00.000000Z"
        assert body["answers"] == [
            {"number": 1, "revision": 2, "sha256": receipts.sha256("42")},
            {"number": 2, "revision": 0, "sha256": receipts.sha256("")},
        ]

    def test_the_receipt_is_signed_and_shown(self, paper, now):
        receipt = submit(paper, now)
        shown = get_own_receipt(registration_id=paper.registration_id)
        assert receipts.is_genuine(body=receipt.body, signature=receipt.signature, key=shown.public_key)
        assert (shown.received_count, shown.problems_count, shown.number) == (1, 2, receipt.pk)
        assert find_receipt(code=f" {receipt.code.lower()} ") == shown
        assert find_receipt(code="AAAA-AAAA-AAAA") is None

    def test_a_reopened_paper_gets_another_receipt(self, paper, now):
        first = submit(paper, now)
        Submission.objects.update(submitted_at=None, submitted_by="", reopened_at=now)
        Answer.objects.filter(number=2).update(text="7", revision=1)
        second = submit(paper, now)
        assert second.pk > first.pk
        assert second.digest != first.digest


@pytest.mark.django_db
class TestCloseByTime:
    @pytest.mark.parametrize(("seconds_after_deadline", "closed"), [(30, False), (36, False), (37, True)])
    def test_waits_for_the_last_save_on_its_way(self, paper, now, seconds_after_deadline, closed):
        moment = now + seconds_after_deadline * SECOND
        if closed:
            submitting.close_by_time(submission_id=paper.pk, now=moment)
        else:
            with pytest.raises(submitting.StillOpen):
                submitting.close_by_time(submission_id=paper.pk, now=moment)
        assert Submission.objects.filter(submitted_at=now, submitted_by="time").exists() == closed

    def test_of_a_paper_handed_in_is_its_receipt(self, paper, now):
        receipt = submit(paper, now)
        assert submitting.close_by_time(submission_id=paper.pk, now=now + timedelta(hours=1)) == receipt
        assert Submission.objects.get().submitted_by == "contestant"


@pytest.mark.django_db
class TestCloseOverdue:
    @pytest.mark.parametrize(("seconds_after_deadline", "count"), [(89, 0), (90, 0), (91, 1)])
    def test_touches_papers_past_deadline_and_grace_by_a_minute(
        self, paper, now, seconds_after_deadline, count
    ):
        assert closing.close_overdue(now=now + seconds_after_deadline * SECOND) == count
        assert Receipt.objects.count() == count

    def test_again_closes_nothing(self, paper, now):
        later = now + timedelta(hours=1)
        assert [closing.close_overdue(now=later), closing.close_overdue(now=later)] == [1, 0]

    def test_leaves_a_paper_whose_deadline_moved_meanwhile(self, paper, now):
        later = now + timedelta(hours=1)

        def move_the_deadline_then_go_on(papers):
            Submission.objects.update(deadline_at=later + timedelta(hours=1))
            yield from papers

        assert closing.close_overdue(now=later, progress=move_the_deadline_then_go_on) == 0
        assert Submission.objects.get().submitted_at is None

    def test_command_says_how_many(self, paper, capsys):
        call_command("close_overdue")
        assert "1 paper closed." in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_closing_twice_at_once_issues_one_receipt(paper, now):
    later = now + timedelta(hours=1)
    race(*[lambda: closing.close_overdue(now=later)] * 3)
    assert Receipt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestASaveThatIsUnderWay:
    """It holds the paper while that is handed in, and commits then: the receipt certifies its text."""

    def certified(self, paper, now):
        with locked(Submission.objects.all()):
            racer = Racer(lambda: submit(paper, now))
            racer.start()
            wait_for_waiters(1)
            Answer.objects.filter(number=1).update(text="43", revision=3)
        first = json.loads(racer.result().body)["answers"][0]
        return first["revision"], first["sha256"]

    def test_is_certified(self, paper, now):
        assert self.certified(paper, now) == (3, receipts.sha256("43"))

    def test_control_without_the_lock_the_text_from_before_is(self, paper, now, monkeypatch):
        monkeypatch.setattr(submitting, "HAND_IN", submitting.HAND_IN.replace("for no key update of a", ""))
        assert self.certified(paper, now) == (2, receipts.sha256("42"))


class TestSignature:
    BODY = '{"answers":[],"code":"ABCD-EFGH-JKMN","number":1}'

    @property
    def signature(self):
        return receipts.sign(self.BODY, settings.RECEIPT_SIGNING_KEY)

    def test_any_changed_byte_is_noticed(self):
        key = receipts.public_key(settings.RECEIPT_SIGNING_KEY)
        assert receipts.is_genuine(body=self.BODY, signature=self.signature, key=key)
        for place in range(len(self.BODY)):
            changed = self.BODY[:place] + chr(ord(self.BODY[place]) ^ 1) + self.BODY[place + 1 :]
            assert not receipts.is_genuine(body=changed, signature=self.signature, key=key)

    @pytest.mark.parametrize("signature", ["", "zz", "00" * 64, None, 7])
    def test_no_signature_is_not_genuine(self, signature):
        key = receipts.public_key(settings.RECEIPT_SIGNING_KEY)
        assert not receipts.is_genuine(body=self.BODY, signature=signature, key=key)

    def test_another_key_is_not_genuine(self):
        assert not receipts.is_genuine(
            body=self.BODY, signature=self.signature, key=receipts.public_key("another secret")
        )


@pytest.mark.django_db
class TestVerifyReceiptCommand:
    def test_tells_what_a_genuine_file_certifies(self, paper, now, client, tmp_path, capsys):
        receipt = submit(paper, now)
        file = tmp_path / "receipt.json"
        file.write_bytes(client.get(f"/receipts/{receipt.code}/receipt.json").content)
        call_command("verify_receipt", str(file))
        assert receipt.code in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{", "not JSON"),
            ("[]", "is not a receipt"),
            ('{"body": "{}", "signature": "00"}', "is not genuine"),
        ],
    )
    def test_refuses_any_other_file(self, tmp_path, content, message):
        file = tmp_path / "receipt.json"
        file.write_text(content)
        with pytest.raises(CommandError, match=message):
            call_command("verify_receipt", str(file))
