"""Names for what rows of the history refer to by their ids, and values as people write them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model

from apps.access.models import Contestant, School
from apps.access.rules.people import printed_number
from apps.exams.enums import StaffRole
from apps.exams.models import Exam
from apps.exams.rules.points import show_points
from apps.grading.selectors.exam_history.sources import event_model

Events = Mapping[str, Mapping[int, tuple[Any, Any]]]


@dataclass(frozen=True, slots=True)
class Names:
    """By id; what is gone by now is told by its id."""

    zone: ZoneInfo
    blocks: Mapping[int, str]
    schools: Mapping[int, str]
    users: Mapping[int, str]
    contestants: Mapping[int, str]

    def subject(self, kind: str, row: Any) -> str:
        """What the event is about: "time block Europe", "key ABCD-… of 0417 Ana Kovač"."""
        match kind:
            case "exam":
                words = "the exam"
            case "time_block" | "figure":
                words = f"{kind.replace('_', ' ')} {row.name}"
            case "problem":
                words = f"problem {row.number}"
            case "staff":
                words = f"role of {named(self.users, row.user_id)} as {StaffRole(row.role).label}"
            case "contestant":
                words = f"contestant {printed_number(row.number)} {row.name}".strip()
            case "registration":
                words = f"registration of {named(self.contestants, row.contestant_id)}"
            case _:
                words = f"key {row.hint}-… of {named(self.contestants, row.contestant_id)}"
        return words

    def value(self, field: Any, row: Any) -> str:
        """A column's value in words; blank is ""."""
        value = getattr(row, field.attname)
        by_id = {"time_block": self.blocks, "school": self.schools, "user": self.users}.get(field.name)
        match value:
            case None:
                words = ""
            case int() if by_id is not None:
                words = named(by_id, value)
            case bool():
                words = "yes" if value else "no"
            case datetime():
                words = self.moment(value)
            case Decimal():
                words = show_points(value)
            case list():
                words = ", ".join(str(one) for one in value)
            case _:
                words = str(dict(field.flatchoices or ()).get(value, value))
        return words

    def moment(self, moment: datetime) -> str:
        """In the exam's zone; seconds only where there are any."""
        local = moment.astimezone(self.zone)
        return f"{local:%d %b %Y, %H:%M:%S}" if local.second else f"{local:%d %b %Y, %H:%M}"


def named(names: Mapping[int, str], pk: int) -> str:
    return names.get(pk, f"#{pk}")


def get_names(exam: Exam, events: Events) -> Names:
    """Four queries, whatever is told."""
    told = {kind: [event for event, _ in rows.values()] for kind, rows in events.items()}
    before = [event for _, event in events["contestant"].values() if event is not None]
    people = {event.contestant_id for kind in ("registration", "key") for event in told[kind]}
    schools = {event.school_id for event in [*told["contestant"], *before]}
    users = get_user_model().objects.filter(pk__in={event.user_id for event in told["staff"]})
    return Names(
        zone=ZoneInfo(exam.zone),
        blocks=names_of_blocks(exam),
        schools=dict(School.objects.filter(pk__in=schools - {None}).values_list("pk", "name")),
        users={user.pk: user.get_username() for user in users},
        contestants={
            one.pk: f"{one.public_number} {one.name}".strip()
            for one in Contestant.objects.filter(pk__in=people)
        },
    )


def names_of_blocks(exam: Exam) -> dict[int, str]:
    """The newest name of each block, also of those that were removed."""
    rows: Iterable[tuple[int, str]] = (
        event_model("time_block").objects.filter(exam_id=exam.pk).order_by("pgh_id").values_list("id", "name")
    )
    return dict(rows)
