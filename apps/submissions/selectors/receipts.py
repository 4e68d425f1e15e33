"""A receipt as it is shown, to its contestant and to whoever checks it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.access.rules.people import printed_number
from apps.core import prepared
from apps.submissions.rules import receipts

BLANK = receipts.sha256("")


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


# When time is up everybody asks for theirs: putting it together from models took longer than asking it.
COLUMNS = """
t.id, t.code, t.body, t.digest, t.signature, x.title, coalesce(nullif(b.zone, ''), x.zone), c.number,
s.public_id, r.tester
"""
OF_ITS_CONTESTANT = """
join access_registration r on r.id = s.registration_id
join access_contestant c on c.id = r.contestant_id
join exams_exam x on x.id = r.exam_id
join exams_timeblock b on b.id = r.time_block_id
"""
BY_CODE = f"""
select {COLUMNS}
from submissions_receipt t join submissions_submission s on s.id = t.submission_id {OF_ITS_CONTESTANT}
where t.code = %(which)s
"""  # noqa: S608 - of texts of ours
# A paper that is open again has none: its old ones certify what may change. A plan that was made before
# anybody had a receipt would go through all of them, newest first: so a paper's own are found by themselves,
# in a subquery that PostgreSQL does not take apart.
OWN = f"""
select {COLUMNS}
from submissions_submission s
cross join lateral (select t.* from submissions_receipt t where t.submission_id = s.id offset 0) t
{OF_ITS_CONTESTANT}
where s.registration_id = %(which)s and s.submitted_at is not null order by t.id desc limit 1
"""  # noqa: S608


def get_own_receipt(*, registration_id: int) -> ShownReceipt | None:
    """The newest receipt of a closed paper, in one query; None while it is open or its end not recorded."""
    return find(OWN, registration_id)


def find_receipt(*, code: str) -> ShownReceipt | None:
    """The receipt with a code as people type it; None if there is none, or if it does not verify."""
    receipt = find(BY_CODE, code.strip().upper())
    if receipt is None:
        return None
    is_genuine = receipts.is_genuine(body=receipt.body, signature=receipt.signature, key=receipt.public_key)
    return receipt if is_genuine else None


def find(statement: str, which: int | str) -> ShownReceipt | None:
    rows = prepared.ask(statement, {"which": which})
    return shown(rows[0]) if rows else None


def shown(row: tuple[Any, ...]) -> ShownReceipt:
    """A receipt from its `COLUMNS`."""
    number, code, text, digest, signature, exam_title, zone, contestant_number, submission_id, is_tester = row
    body = json.loads(text)
    return ShownReceipt(
        number=number,
        code=code,
        body=text,
        digest=digest,
        signature=signature,
        public_key=receipts.public_key(settings.RECEIPT_SIGNING_KEY),
        exam_title=exam_title,
        zone=zone,
        contestant_number=printed_number(contestant_number),
        submission_id=str(submission_id),
        submitted_at=datetime.fromisoformat(body["submitted_at"]),
        submitted_by=body["submitted_by"],
        received_count=sum(answer["sha256"] != BLANK for answer in body["answers"]),
        problems_count=len(body["answers"]),
        is_tester=is_tester,
    )
