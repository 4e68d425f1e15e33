"""Who stands before us: what the gate and the entry page read."""

from dataclasses import dataclass
from typing import Any

from apps.access.models import Registration
from apps.access.rules.people import printed_number, short_name
from apps.core import prepared


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """The contestant of a request, by a key that is valid now.

    Everything of the registration and its exam is None while a key that opens several exams has not
    chosen one.
    """

    key_id: int
    epoch: int
    contestant_id: int
    contestant_number: str
    contestant_name: str
    registration_id: int | None
    exam_id: int | None
    exam_slug: str | None
    exam_title: str | None
    exam_version: int | None
    exam_status: str | None
    tester: bool | None

    @property
    def called(self) -> str:
        """How a page that neighbours can read calls them: "0417 (Ana K.)"."""
        short = short_name(self.contestant_name)
        return f"{self.contestant_number} ({short})" if short else self.contestant_number


# Asked before every page of a contestant's: putting this together from models each time took five times as
# long as asking it. A registration of somebody else, or one that is gone, is not found.
WHO = """
select k.id, k.epoch, c.id, c.number, c.name, r.id, r.tester, x.id, x.slug, x.title, x.version, x.status
from access_accesskey k
join access_contestant c on c.id = k.contestant_id
left join access_registration r on r.id = %(registration)s and r.contestant_id = c.id
left join exams_exam x on x.id = r.exam_id
where k.id = %(key)s and k.epoch = %(epoch)s and k.revoked_at is null
"""


def get_signed_in(*, key_id: int, epoch: int, registration_id: int) -> SignedIn | None:
    """The contestant whose valid key this is, in one query; None if it was revoked or its sessions ended.

    A registration of somebody else, or one that is gone, counts as none chosen.
    """
    rows = prepared.ask(WHO, {"key": key_id, "epoch": epoch, "registration": registration_id})
    return signed_in(rows[0]) if rows else None


def signed_in(row: tuple[Any, ...]) -> SignedIn:
    """A contestant from the columns of `WHO`."""
    key_id, epoch, contestant_id, number, name, registration_id, tester, *exam = row
    exam_id, slug, title, version, status = exam
    return SignedIn(
        key_id=key_id,
        epoch=epoch,
        contestant_id=contestant_id,
        contestant_number=printed_number(number),
        contestant_name=name,
        registration_id=registration_id,
        exam_id=exam_id,
        exam_slug=slug,
        exam_title=title,
        exam_version=version,
        exam_status=status,
        tester=tester,
    )


def find_registration(*, contestant_id: int, exam: str) -> int | None:
    """The contestant's registration for an exam named by its slug or id; None if there is none.

    The few there are get compared here: what people send reaches no query.
    """
    rows = Registration.objects.filter(contestant=contestant_id).values_list("pk", "exam__slug", "exam_id")
    by_slug = {slug: pk for pk, slug, _ in rows}
    by_id = {str(exam_id): pk for pk, _, exam_id in rows}
    return by_slug.get(exam) or by_id.get(exam)
