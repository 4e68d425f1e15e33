"""Who stands before us: what the gate and the entry page read."""

from dataclasses import dataclass

from django.db.models import F, FilteredRelation, Q

from apps.access.models import AccessKey, Registration
from apps.access.rules.people import printed_number, short_name


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


def get_signed_in(*, key_id: int, epoch: int, registration_id: int) -> SignedIn | None:
    """The contestant whose valid key this is, in one query; None if it was revoked or its sessions ended.

    A registration of somebody else, or one that is gone, counts as none chosen.
    """
    row = (
        AccessKey.objects.valid()
        .annotate(
            chosen=FilteredRelation(
                "contestant__registrations", condition=Q(contestant__registrations__pk=registration_id)
            )
        )
        .filter(pk=key_id, epoch=epoch)
        .values(
            "contestant_id",
            contestant_name=F("contestant__name"),
            number=F("contestant__number"),
            registration_id=F("chosen__pk"),
            tester=F("chosen__tester"),
            exam_id=F("chosen__exam_id"),
            exam_slug=F("chosen__exam__slug"),
            exam_title=F("chosen__exam__title"),
            exam_version=F("chosen__exam__version"),
            exam_status=F("chosen__exam__status"),
        )
        .first()
    )
    if row is None:
        return None
    return SignedIn(
        key_id=key_id,
        epoch=epoch,
        contestant_id=row["contestant_id"],
        contestant_number=printed_number(row["number"]),
        contestant_name=row["contestant_name"],
        registration_id=row["registration_id"],
        exam_id=row["exam_id"],
        exam_slug=row["exam_slug"],
        exam_title=row["exam_title"],
        exam_version=row["exam_version"],
        exam_status=row["exam_status"],
        tester=row["tester"],
    )


def find_registration(*, contestant_id: int, exam: str) -> int | None:
    """The contestant's registration for an exam named by its slug or id; None if there is none.

    The few there are get compared here: what people send reaches no query.
    """
    rows = Registration.objects.filter(contestant=contestant_id).values_list("pk", "exam__slug", "exam_id")
    by_slug = {slug: pk for pk, slug, _ in rows}
    by_id = {str(exam_id): pk for pk, _, exam_id in rows}
    return by_slug.get(exam) or by_id.get(exam)
