"""What graders and organisers send from the console."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.validators import RegexValidator

from apps.grading.rules.points import BadPoints, parse_points
from apps.grading.selectors.exam_history import NOBODY, WHAT, Filters
from apps.grading.selectors.mine import ORDERS


class PointsForm(forms.Form):
    """Points of one problem as a grader types them."""

    points = forms.CharField(
        widget=forms.TextInput(
            attrs={
                "class": "input points-input",
                "inputmode": "decimal",
                "autocomplete": "off",
                "autocorrect": "off",
                "spellcheck": "false",
                "data-testid": "points",
            }
        ),
        required=False,  # `clean_points` says what to type instead
    )

    def __init__(self, *args: Any, maximum: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.maximum = maximum

    def clean_points(self) -> Decimal:
        try:
            return parse_points(self.cleaned_data["points"], maximum=self.maximum)
        except BadPoints as fault:
            raise forms.ValidationError(str(fault), code="invalid_points") from fault


class ScoreForm(PointsForm):
    """A score as it is typed; what it was based on travels along."""

    comment = forms.CharField(
        label="To the contestant",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3, "data-testid": "comment"}),
    )
    note = forms.CharField(
        label="For graders only",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 2, "data-testid": "note"}),
    )
    based_on = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    answer_revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class ClassScoreForm(PointsForm):
    """One class of equal answers, by its key, and what each of them gets."""

    key = forms.CharField(max_length=24)
    comment = forms.CharField(required=False, max_length=5000)


class RemainingForm(forms.Form):
    """The answers that were shown, as "task.revision" with spaces between."""

    seen = forms.CharField(
        validators=[RegexValidator(r"^[0-9]{1,18}\.[0-9]{1,9}( [0-9]{1,18}\.[0-9]{1,9})*\Z")],
        widget=forms.HiddenInput,
    )

    def clean_seen(self) -> dict[int, int]:
        pairs = (pair.split(".") for pair in self.cleaned_data["seen"].split())
        return {int(task_id): int(revision) for task_id, revision in pairs}

    @staticmethod
    def packed(seen: Mapping[int, int]) -> str:
        return " ".join(f"{task_id}.{revision}" for task_id, revision in seen.items())


class QueueForm(forms.Form):
    """Which answers a grader wants next: of one problem or of all, fresh or those given back."""

    problem = forms.IntegerField(required=False)
    given_back = forms.BooleanField(required=False)
    after = forms.IntegerField(required=False)

    @property
    def scored_before(self) -> int | None:
        """The answer that was scored just before."""
        return self.cleaned_data["after"] if self.is_valid() else None

    def urlencode(self) -> str:
        return urlencode(self.query)

    @property
    def chosen(self) -> dict[str, Any]:
        """As `claim_next_task` takes it; what nobody could have picked from the page counts as "all"."""
        sound = self.is_valid()
        return {
            "problem_id": self.cleaned_data["problem"] if sound else None,
            "given_back": self.cleaned_data["given_back"] if sound else False,
        }

    @property
    def query(self) -> dict[str, Any]:
        """The same as it travels in an address."""
        chosen = self.chosen
        return {
            name: value
            for name, value in (
                ("problem", chosen["problem_id"]),
                ("given_back", "on" if chosen["given_back"] else ""),
            )
            if value
        }


class UndoForm(forms.Form):
    based_on = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class WordsForm(forms.Form):
    """A note to the lead, or the lead's word back; the services refuse an empty one."""

    words = forms.CharField(required=False, max_length=1000)


class TaskIdsField(forms.Field):
    """The same name several times, each a task's number."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[int]:
        ids = value or []
        if not all(one.isascii() and one.isdigit() for one in ids):
            raise forms.ValidationError("These are not answers.", code="invalid")
        if self.required and not ids:
            raise forms.ValidationError("Choose the answers first.", code="required")
        return [int(one) for one in ids]


class AheadForm(forms.Form):
    """What the scoring page shows at this moment, and which answers it has already."""

    shown = forms.IntegerField(min_value=1)
    have = TaskIdsField(required=False)


class HandOnForm(forms.Form):
    """Which answers a lead hands on: to a grader, or to nobody in particular."""

    task = TaskIdsField()
    grader = forms.IntegerField(required=False, error_messages={"invalid": "Choose a grader."})


class MyScoresForm(forms.Form):
    """How a grader's own scores are picked and sorted; what nobody could have picked counts as "all"."""

    problem = forms.IntegerField(required=False)
    points = forms.DecimalField(required=False, min_value=0, max_digits=6, decimal_places=2)
    order = forms.ChoiceField(required=False, choices=[(order, order) for order in ORDERS])
    page = forms.IntegerField(required=False, min_value=1)

    @property
    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {
            "problem_id": self.cleaned_data.get("problem"),
            "points": self.cleaned_data.get("points"),
            "order": self.cleaned_data.get("order") or "newest",
            "page": self.cleaned_data.get("page") or 1,
        }


class PublishForm(forms.Form):
    newest_seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="Why are the results withdrawn?",
        max_length=300,
        widget=forms.TextInput(attrs={"class": "input"}),
    )


class CompareForm(forms.Form):
    """Two versions of an exam's results by number; 0 is the scores as they stand now.

    Where nothing sound was chosen: the newest two publications, or the only one and now.
    """

    NOW = 0
    before = forms.TypedChoiceField(label="From", coerce=int, widget=forms.Select(attrs={"class": "input"}))
    after = forms.TypedChoiceField(label="to", coerce=int, widget=forms.Select(attrs={"class": "input"}))

    def __init__(self, *args: Any, numbers: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = [*sorted(numbers)[-2:], self.NOW]
        choices = [*((number, f"publication {number}") for number in numbers), (self.NOW, "now")]
        for name, number in zip(("before", "after"), newest, strict=False):
            self.fields[name].initial = number
            # The declared fields are of this kind; only their class does not say so.
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def chosen(self) -> tuple[int, int]:
        sound = self.is_valid()
        before, after = (
            self.cleaned_data[name] if sound else self.fields[name].initial for name in ("before", "after")
        )
        return before, after


class EraseForm(forms.Form):
    """Why a contestant is erased, and the number typed once more: it cannot be undone."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="It stays when everything else is gone: say it without naming the person.",
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    number = forms.IntegerField(
        label="Contestant number, typed again",
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, contestant_number: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contestant_number = contestant_number

    def clean_number(self) -> int:
        number: int = self.cleaned_data["number"]
        if number != self.contestant_number:
            raise forms.ValidationError("This is not the number of this contestant.", code="another_number")
        return number


class CompareTextsForm(forms.Form):
    """Two texts of an answer by the ids of their revisions; 0 is the blank it started with."""

    older = forms.IntegerField(min_value=0)
    newer = forms.IntegerField(min_value=0)

    @property
    def chosen(self) -> tuple[int, int] | None:
        """None if nobody asked, or asked for what no page offers."""
        return (self.cleaned_data["older"], self.cleaned_data["newer"]) if self.is_valid() else None


class HistoryForm(forms.Form):
    """What of an exam's history is asked for; what no page offers counts as "all"."""

    who = forms.TypedChoiceField(coerce=int, required=False, empty_value=None)
    what = forms.ChoiceField(
        choices=[("", "everything"), *((key, words) for key, (words, _) in WHAT.items())], required=False
    )
    day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("who", "what", "day"):
            self.fields[name].widget.attrs["class"] = "input"
        # The declared field is of this kind; only its class does not say so.
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            ("", "everybody"),
            *people,
            (NOBODY, "contestants and commands"),
        ]

    @property
    def chosen(self) -> Filters:
        self.is_valid()
        asked = self.cleaned_data
        return Filters(who=asked.get("who"), what=asked.get("what") or "", day=asked.get("day"))

    @property
    def page_number(self) -> int:
        self.is_valid()
        return self.cleaned_data.get("page") or 1

    @property
    def query(self) -> str:
        """The filters as they travel in an address, before the page."""
        self.is_valid()
        asked = {name: self.cleaned_data.get(name) for name in ("who", "what", "day")}
        kept = {name: value for name, value in asked.items() if value not in (None, "")}
        return f"{urlencode(kept)}&" if kept else ""
