"""Forms of the console: local times, statements with their choices, figures."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.utils import timezone

from apps.core.errors import RuleViolation
from apps.core.images import clean_image
from apps.exams.models import Exam, Figure, Problem, StatementVersion, TimeBlock
from apps.exams.rules.drafts import fault_of_accepted, fault_of_choices
from apps.exams.services import editing

CHOICES_HELP = "One a line, as in “A: 42”. A line that begins with spaces goes on with the choice above it."


class LocalMomentInput(forms.DateTimeInput):
    """The browser's own control; seconds stand there only where a time has some."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat(timespec="seconds" if value.second else "minutes")
        return super().format_value(value)


class LocalMomentField(forms.DateTimeField):
    """A time as the clocks of some place show it; which place, only the form knows."""

    widget = LocalMomentInput

    def to_python(self, value: Any) -> Any:
        with timezone.override(UTC):
            moment = super().to_python(value)
        return moment.replace(tzinfo=None) if isinstance(moment, datetime) else moment


class TimeBlockForm(forms.ModelForm[TimeBlock]):
    """Times are entered and shown in the block's zone; without one, in the exam's."""

    opens_at = LocalMomentField()
    last_entry_at = LocalMomentField(required=False)
    closes_at = LocalMomentField()

    class Meta:
        model = TimeBlock
        fields = ("name", "zone", "opens_at", "last_entry_at", "closes_at")
        # Narrow: five fields stand side by side.
        widgets = {"name": forms.TextInput(attrs={"size": 14}), "zone": forms.TextInput(attrs={"size": 16})}

    moments = ("opens_at", "last_entry_at", "closes_at")

    def __init__(self, *args: Any, exam: Exam, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exam = exam
        if self.instance.pk:
            zone = _zone(self.instance.zone or exam.zone)
            for name in self.moments:
                moment = getattr(self.instance, name)
                self.initial[name] = moment and moment.astimezone(zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        name_of_zone = cleaned.get("zone") or self.exam.zone
        for name in self.moments:
            if local := cleaned.get(name):
                try:
                    cleaned[name] = _moment_of(local, name_of_zone)
                except forms.ValidationError as error:
                    self.add_error(name, error)
        return cleaned


class TimeBlockFormSet(forms.BaseInlineFormSet[Any, Exam, Any]):
    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "exam": self.instance}


class ExamForm(forms.ModelForm[Exam]):
    """The instructions are rendered as they are checked."""

    class Meta:
        model = Exam
        fields = "__all__"  # noqa: DJ007 - the console's page lists those that it shows

    def clean_instructions(self) -> str:
        text: str = self.cleaned_data["instructions"]
        figures = editing.figure_addresses(self.instance.pk) if self.instance.pk else {}
        try:
            self.instance.instructions_html = editing.render_text(text, figures, top_heading=2).html
        except RuleViolation as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return text


class ProblemForm(forms.ModelForm[Problem]):
    """A problem together with its newest statement; saving a changed one adds a version."""

    statement = forms.CharField(
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "cols": 90, "spellcheck": "true"}),
        help_text="Markdown with LaTeX between dollar signs. A figure: ![what it shows](name.svg)",
    )
    choices = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 90}),
        help_text=CHOICES_HELP,
    )
    note = forms.CharField(
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"size": 80}),
        help_text="Tells contestants what changed; they see it above the statement.",
    )
    accepted = forms.CharField(
        required=False,
        label="Accepted answers",
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="One a line; for a choice, its label.",
    )

    class Meta:
        model = Problem
        fields = "__all__"  # noqa: DJ007 - the console's page lists those that it shows

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["accepted"] = "\n".join(self.instance.accepted)
            statement: StatementVersion | None = self.instance.statements.order_by("-version").first()
            if statement:
                self.initial["statement"] = statement.source
                self.initial["choices"] = choices_as_text(statement.choices)
                self.initial["note"] = statement.note

    def clean_accepted(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["accepted"].splitlines() if line.strip()]

    def clean_statement(self) -> str:
        statement: str = self.cleaned_data["statement"].replace("\r\n", "\n")
        if not statement.strip():
            raise forms.ValidationError(editing.StatementBlank.message)
        return statement

    def clean_choices(self) -> list[dict[str, str]]:
        return choices_from_text(self.cleaned_data["choices"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        exam = cleaned.get("exam") or getattr(self.instance, "exam", None)
        if exam is None:
            return cleaned
        kind = cleaned.get("kind") or self.instance.kind
        labels = [choice["label"] for choice in cleaned.get("choices", [])]
        if fault := fault_of_choices(kind, labels):
            self.add_error("choices", fault[0].upper() + fault[1:] + ".")
        elif fault := fault_of_accepted(kind, cleaned.get("accepted", []), labels):
            self.add_error("accepted", fault + ".")
        self._render(cleaned, editing.figure_addresses(exam.pk))
        return cleaned

    def _render(self, cleaned: dict[str, Any], figures: dict[str, str]) -> None:
        """Find out now, field by field, what could not be shown."""
        texts = [("statement", cleaned.get("statement", "")), ("solution", cleaned.get("solution", ""))]
        texts += [("choices", choice["text"]) for choice in cleaned.get("choices", [])]
        for name, text in texts:
            try:
                html = editing.render_text(text, figures).html
            except RuleViolation as refusal:
                self.add_error(name, str(refusal))
            else:
                if name == "solution":
                    self.instance.solution_html = html


class FigureForm(forms.ModelForm[Figure]):
    """A figure is its file; the file's name is what statements call it."""

    file = forms.FileField(help_text="SVG or PNG. The file's name is the name that statements use.")

    class Meta:
        model = Figure
        fields = ("exam",)

    def clean_file(self) -> Any:
        """Refuse here what the service would refuse: a field's error is read, a broken page is not."""
        file = self.cleaned_data["file"]
        try:
            editing.check_figure_name(self.instance.name or file.name, clean_image(file.read()))
        except RuleViolation as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        file.seek(0)
        return file


def choices_as_text(choices: list[dict[str, str]]) -> str:
    return "\n".join(f"{choice['label']}: " + choice["text"].replace("\n", "\n  ") for choice in choices)


def choices_from_text(text: str) -> list[dict[str, str]]:
    """The choices of a text field, one a line, continued by lines that begin with spaces."""
    choices: list[dict[str, str]] = []
    for line in text.replace("\r\n", "\n").rstrip().split("\n"):
        if not line.strip() or line.startswith(" "):
            if choices:
                choices[-1]["text"] += "\n" + line.removeprefix("  ")
            continue
        match = re.fullmatch(r"([^\s:]{1,10}):\s*(.*)", line)
        if match is None:
            raise forms.ValidationError(
                "“%(line)s” has no label; write it as in “A: 42”.", params={"line": line}
            )
        choices.append({"label": match[1], "text": match[2]})
    if any(not choice["text"].strip() for choice in choices):
        raise forms.ValidationError("A choice is blank.")
    return choices


def _zone(name: str) -> ZoneInfo:
    """The zone of a name; UTC stands in for one that the form refuses anyway, beside its own field."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _moment_of(local: datetime, zone: str) -> datetime:
    """The moment at which the clocks of a zone show a time, if there is exactly one."""
    here = _zone(zone)
    first, second = (local.replace(tzinfo=here, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if first.astimezone(here).replace(tzinfo=None) != local:
        text = "In %(zone)s the clocks skip this time: they go forward then."
    else:
        text = "In %(zone)s the clocks show this time twice: they go back then. Choose another one."
    raise forms.ValidationError(text, params={"zone": zone})
