"""What all writes of an exam share: the consent, the values that do not fit, the row that went meanwhile."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, ValidationError
from django.db import IntegrityError
from django.db.models import Model

from apps.core.bodies import Body, Flag, Line
from apps.core.errors import RuleViolation
from apps.core.problems import NotFound
from apps.exams.services import changing, editing
from apps.exams.services.changing import Consent

LONGEST_REASON = 300
# The refusals of everything that goes by the table of changes (ADR 0011).
BY_TABLE = (changing.ChangeRefused, changing.ChangeUnconfirmed)


class ValuesRefused(RuleViolation):
    """Each value looks as described, and yet it does not fit: to the others, to other rows, to its kind."""

    message = "Some values do not fit; nothing was changed."
    code = "invalid_values"
    status = 400

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__()
        self.errors = dict(errors)

    @property
    def members(self) -> dict[str, Any]:
        return {"errors": self.errors}


class TakenMeanwhile(RuleViolation):
    message = "Somebody took this name or number at the same moment. Look again."
    code = "taken_meanwhile"


class ConsentBody(Body):
    """Once somebody has started, some changes ask: change it all the same? And why?"""

    confirm = Flag(required=False, help_text="Change it although somebody has started or was scored.")
    reason = Line(
        required=False,
        allow_blank=True,
        max_length=LONGEST_REASON,
        help_text="Needed with `confirm`; kept in the history.",
    )


def consent_of(values: dict[str, Any]) -> Consent:
    """Take the consent out of a body's values."""
    return Consent(values.pop("confirm", False), values.pop("reason", ""))


def fit(row: Model, values: Mapping[str, Any], *, faults: Mapping[str, list[str]] | None = None) -> None:
    """Put values into a row that is not saved yet; refuse those that the model would not have."""
    for name, value in values.items():
        setattr(row, name, value)
    errors = dict(faults or {})
    try:
        row.full_clean()
    except ValidationError as error:
        errors |= {
            "together" if name == NON_FIELD_ERRORS else name: messages
            for name, messages in error.message_dict.items()
        }
    if errors:
        raise ValuesRefused(errors)


def unshowable(exam_id: int, texts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """What could not be shown of these texts, by the member that holds each."""
    figures = editing.figure_addresses(exam_id)
    faults: dict[str, list[str]] = {}
    for name, text in texts:
        try:
            editing.render_text(text, figures)
        except RuleViolation as refusal:
            faults.setdefault(name, []).append(str(refusal))
    return faults


@contextmanager
def at_the_same_moment() -> Iterator[None]:
    """Others write too: what they took or removed since the row was read is told, not a server's error."""
    try:
        yield
    except IntegrityError as error:
        raise TakenMeanwhile from error
    except ObjectDoesNotExist as error:
        raise NotFound from error
