"""The person: who it is, how they sit, and what they enter with."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef

from apps.access.models import AccessKey, Contestant, Registration, School
from apps.grading.models import Result
from apps.submissions.models import Submission, TimeChange

NOT_ANY_MORE = {"extra_minutes": 0, "time_factor": 1}
DISQUALIFIED = "Erased."


def words_about(contestant: Contestant) -> list[str]:
    """What names the person in texts that are about others as well."""
    return [word for word in (contestant.name, contestant.external_id) if word]


def erase_person(contestant: Contestant) -> None:
    registrations = Registration.objects.filter(contestant=contestant)
    erase_log(Contestant, [contestant.pk])
    erase_log(Registration, list(registrations.values_list("pk", flat=True)))
    erase_keys(contestant)
    TimeChange.objects.filter(registration__in=registrations).delete()
    # Who never sat and stands in no results is counted nowhere.
    sat = Exists(Submission.objects.filter(registration=OuterRef("pk")))
    published = Exists(Result.objects.filter(registration=OuterRef("pk")))
    registrations.exclude(sat | published).delete()
    registrations.update(**NOT_ANY_MORE)
    # That somebody was disqualified keeps the ranks as they are; why, is about the person.
    registrations.exclude(disqualification="").update(disqualification=DISQUALIFIED)
    school = contestant.school
    for column in ("name", "external_id", "team", "division", "grade", "room"):
        setattr(contestant, column, "")
    contestant.school = None
    contestant.may_publish_name = False
    contestant.save()
    if school is not None and not school.contestants.exists():
        erase_log(School, [school.pk])
        school.delete()


def erase_keys(contestant: Contestant) -> None:
    """The keys and what the console remembers of them; the batches keep their counts."""
    keys = AccessKey.objects.filter(contestant=contestant)
    erase_log(AccessKey, list(keys.values_list("pk", flat=True)))
    keys.delete()


def erase_log(
    model: type[Contestant | Registration | AccessKey | School | Submission], ids: list[int]
) -> None:
    """Lines of Django's own log of the console: they repeat what a row was called."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=[str(pk) for pk in ids]
    ).delete()
