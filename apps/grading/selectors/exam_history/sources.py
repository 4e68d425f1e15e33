"""Where the history of an exam is written down: events of its rows, and ledgers that are histories already.

Each source gives the same `COLUMNS`, so that they can be read as one list. `context` is one request of the
console, one command or one call of a service; the row of a ledger stands for itself, statements aside.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import BigIntegerField, CharField, F, OuterRef, Q, QuerySet, Subquery, UUIDField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from apps.access.models import AccessKey, Contestant, Erasure, Registration
from apps.exams.models import Exam, ExamStaff, Figure, Problem, StatementVersion, TimeBlock
from apps.grading.models import Publication
from apps.submissions.models import Acceptance, TimeChange

COLUMNS = ("of_kind", "row_id", "happened_at", "label", "context", "who")

TRACKED: dict[str, Any] = {
    "exam": Exam,
    "time_block": TimeBlock,
    "problem": Problem,
    "figure": Figure,
    "staff": ExamStaff,
    "contestant": Contestant,
    "registration": Registration,
    "key": AccessKey,
}
# Each with the columns that say when it happened and who did it.
LEDGERS: dict[str, tuple[Any, str, str, str]] = {
    "statement": (StatementVersion, "problem__exam", "created_at", "created_by_id"),
    "deadline": (TimeChange, "registration__exam", "changed_at", "changed_by_id"),
    "acceptance": (Acceptance, "promoted__submission__registration__exam", "accepted_at", "accepted_by_id"),
    "erasure": (Erasure, "contestant__registrations__exam", "erased_at", "erased_by_id"),
    "publication": (Publication, "exam", "published_at", "published_by_id"),
    "withdrawal": (Publication, "exam", "withdrawn_at", "withdrawn_by_id"),
}
# What a reader can ask for, and the kinds of rows that belong to it.
WHAT: dict[str, tuple[str, tuple[str, ...]]] = {
    "exam": ("the exam itself", ("exam",)),
    "time_blocks": ("time blocks", ("time_block",)),
    "problems": ("problems and statements", ("problem", "statement")),
    "figures": ("figures", ("figure",)),
    "staff": ("staff and roles", ("staff",)),
    "people": ("contestants and registrations", ("contestant", "registration", "erasure")),
    "keys": ("access keys", ("key",)),
    "papers": ("deadlines and accepted texts", ("deadline", "acceptance")),
    "results": ("publications", ("publication", "withdrawal")),
}
ALL_KINDS = tuple(kind for _, kinds in WHAT.values() for kind in kinds)
# Columns nobody edits: what is rendered, counted up by every edit, or says only whose row it is.
SILENT = {
    "id",
    "exam",
    "contest",
    "contestant",
    "batch",
    "public_id",
    "first_scored_at",
    "instructions_html",
    "solution_html",
    "version",
    "notices",
}


def event_model(kind: str) -> Any:
    return TRACKED[kind].pgh_event_model


def told_fields(kind: str) -> list[Any]:
    """The columns of a tracked row whose changes are worth telling."""
    kept = {field.name for field in event_model(kind)._meta.get_fields()}  # noqa: SLF001 - Django's documented API
    columns = TRACKED[kind]._meta.concrete_fields  # noqa: SLF001
    return [field for field in columns if field.name in kept and field.name not in SILENT]


def rows_of(exam: Exam, kinds: Iterable[str]) -> "QuerySet[Any, Any]":
    """All that is known of these kinds, as one query."""
    first, *others = (events(exam, kind) if kind in TRACKED else ledger(exam, kind) for kind in kinds)
    return first.union(*others, all=True) if others else first


def events(exam: Exam, kind: str) -> "QuerySet[Any, Any]":
    metadata = "pgh_context__metadata"
    # Services name the actor; the console names whoever is signed in.
    who = Coalesce(
        Cast(KeyTextTransform("actor", metadata), BigIntegerField()),
        Cast(KeyTextTransform("user", metadata), BigIntegerField()),
    )
    rows = event_model(kind).objects.filter(belongs_to(exam, kind))
    return as_columns(
        rows,
        of_kind=Value(kind, output_field=CharField()),
        row_id=Cast("pgh_id", BigIntegerField()),
        happened_at=F("pgh_created_at"),
        label=F("pgh_label"),
        context=F("pgh_context_id"),
        who=who,
    )


def belongs_to(exam: Exam, kind: str) -> Q:
    if kind == "exam":
        return Q(pgh_obj_id=exam.pk) & ~Q(pgh_id__in=silent_events(exam))
    registered = Registration.objects.filter(exam=exam).values("contestant")
    if kind == "contestant":
        return Q(pgh_obj_id__in=registered)
    return Q(contestant_id__in=registered) if kind == "key" else Q(exam_id=exam.pk)


def silent_events(exam: Exam) -> list[int]:
    """Events of the exam that only count an edit, which stands in the history by itself."""
    names = [field.attname for field in told_fields("exam")]
    silent = []
    before: tuple[Any, ...] | None = None
    rows = event_model("exam").objects.filter(pgh_obj_id=exam.pk).order_by("pgh_id")
    for pgh_id, *values in rows.values_list("pgh_id", *names):
        if before == tuple(values):
            silent.append(pgh_id)
        before = tuple(values)
    return silent


def ledger(exam: Exam, kind: str) -> "QuerySet[Any, Any]":
    model, path_to_exam, at, who = LEDGERS[kind]
    rows = model.objects.filter(**{path_to_exam: exam, f"{at}__isnull": False})
    return as_columns(
        rows,
        of_kind=Value(kind, output_field=CharField()),
        row_id=Cast("pk", BigIntegerField()),
        happened_at=F(at),
        label=Value("insert", output_field=CharField()),
        context=context_of_statement() if kind == "statement" else Cast(Value(None), UUIDField()),
        who=Cast(who, BigIntegerField()),
    )


def context_of_statement() -> Subquery:
    """A statement has no event; but the exam has one, since writing a statement counts up its version."""
    counted = event_model("exam").objects.filter(
        pgh_obj_id=OuterRef("problem__exam_id"), version=OuterRef("since_version")
    )
    return Subquery(counted.order_by("pgh_id").values("pgh_context_id")[:1], output_field=UUIDField())


def as_columns(rows: Any, **values: Any) -> "QuerySet[Any, Any]":
    columns: QuerySet[Any, Any] = rows.annotate(**values).order_by().values_list(*COLUMNS)
    return columns
