"""A receipt as it is shown, to its contestant and to whoever checks it."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.submissions.models import Receipt
from apps.submissions.querysets import ReceiptQuerySet
from apps.submissions.rules import receipts


@dataclass(frozen=True)
class ShownReceipt:
    """What stands on a receipt. `received_count` answers of `problems_count` are not blank."""

    number: int
    code: str
    body: str
    digest: str
    signature: str
    public_key: str
    exam_title: str
    zone: str
    contestant_number: str
    submission_id: str
    submitted_at: datetime
    submitted_by: str
    received_count: int
    problems_count: int
    is_tester: bool


def get_receipt(*, receipt_id: int) -> ShownReceipt:
    """One receipt, in one query."""
    return shown(with_exam().get(pk=receipt_id))


def find_receipt(*, code: str) -> ShownReceipt | None:
    """The receipt with a code as people type it; None if there is none, or if it does not verify."""
    found = with_exam().filter(code=code.strip().upper()).first()
    if found is None:
        return None
    receipt = shown(found)
    is_genuine = receipts.is_genuine(body=receipt.body, signature=receipt.signature, key=receipt.public_key)
    return receipt if is_genuine else None


def with_exam() -> ReceiptQuerySet:
    return Receipt.objects.select_related(
        "submission__registration__exam",
        "submission__registration__time_block",
        "submission__registration__contestant",
    )


def shown(receipt: Receipt) -> ShownReceipt:
    submission = receipt.submission
    registration = submission.registration
    body = json.loads(receipt.body)
    blank = receipts.sha256("")
    return ShownReceipt(
        number=receipt.pk,
        code=receipt.code,
        body=receipt.body,
        digest=receipt.digest,
        signature=receipt.signature,
        public_key=receipts.public_key(settings.RECEIPT_SIGNING_KEY),
        exam_title=registration.exam.title,
        zone=registration.time_block.zone or registration.exam.zone,
        contestant_number=registration.contestant.public_number,
        submission_id=str(submission.public_id),
        submitted_at=datetime.fromisoformat(body["submitted_at"]),
        submitted_by=body["submitted_by"],
        received_count=sum(answer["sha256"] != blank for answer in body["answers"]),
        problems_count=len(body["answers"]),
        is_tester=registration.tester,
    )
