"""What people send us: the paper as a form without scripts, a deadline to move, a text to let count."""

from collections.abc import Iterator, Mapping

from django import forms

from apps.exams.forms.files import SeveralFilesField, SeveralFilesInput
from apps.submissions.rules.batch import MOST_EDITS, Batch, Fault, InvalidBatch, read_batch
from apps.submissions.selectors.paper import Paper, PaperProblem
from apps.submissions.services import timing


class NothingChanged(Exception):
    """Every field still holds what the server holds."""


def read_paper_form(fields: Mapping[str, str], paper: Paper) -> list[Batch]:
    """The edits of the fields that differ from the paper, in batches small enough to save.

    Refuses with `InvalidBatch` what no page of ours would send, and a text that is too long.
    """
    edits = [edit for problem in paper.problems if (edit := read_field(fields, problem))]
    batches: list[Batch] = []
    faults: list[Fault] = []
    for part in parts(edits):
        try:
            batches.append(read_batch({"device": fields.get("device"), "edits": part}))
        except InvalidBatch as refusal:
            faults += [named(fault, part) for fault in refusal.faults]
    if faults:
        raise InvalidBatch(faults)
    return batches


def read_field(fields: Mapping[str, str], problem: PaperProblem) -> dict[str, object] | None:
    """The edit of one problem in CONTRACT's form, None if its field is missing or unchanged.

    Browsers send line ends as CR LF; texts hold LF, as scripts send them.
    """
    typed = fields.get(f"answer-{problem.number}")
    if typed is None:
        return None
    text = typed.replace("\r\n", "\n")
    if text == problem.answer.text:
        return None
    base = fields.get(f"based_on-{problem.number}", "")
    return {
        "op": fields.get(f"op-{problem.number}"),
        "number": problem.number,
        "text": text,
        "based_on": int(base) if base.isascii() and base.isdigit() else None,
    }


def parts(edits: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    for start in range(0, len(edits), MOST_EDITS):
        yield edits[start : start + MOST_EDITS]


def named(fault: Fault, part: list[dict[str, object]]) -> Fault:
    """The same fault with the problem's number in its sentence: a person reads it."""
    if fault.index is None:
        return fault
    return Fault(fault.index, fault.field, f"Problem {part[fault.index]['number']}: {fault.message}")


class DeadlineForm(forms.Form):
    """By how much a deadline moves, and why."""

    minutes = forms.IntegerField(
        label="Minutes",
        help_text="Later by so many minutes; with a minus, earlier.",
        min_value=-timing.LONGEST_CHANGE_MINUTES,
        max_value=timing.LONGEST_CHANGE_MINUTES,
    )
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="It stands in the time ledger.",
        widget=forms.TextInput({"class": "vTextField"}),
    )

    def clean_minutes(self) -> int:
        minutes: int = self.cleaned_data["minutes"]
        if minutes == 0:
            raise forms.ValidationError(timing.NotAChange.message)
        return minutes


class AcceptForm(forms.Form):
    """Why a text that was kept apart counts after all."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="It is kept with the answer.",
        widget=forms.TextInput({"class": "vTextField"}),
    )


class EmergencyForm(forms.Form):
    """The files that pages without a network handed over."""

    sealed = SeveralFilesField(
        label="Emergency files",
        allow_empty_file=True,  # it is told of like any other that is none
        help_text="As many as you have; each belongs to one paper.",
        widget=SeveralFilesInput(attrs={"accept": ".examgrader"}),
    )
