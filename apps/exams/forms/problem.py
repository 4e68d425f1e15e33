"""A problem's page: the problem together with its newest statement."""

from typing import Any

from django import forms

from apps.core.errors import RuleViolation
from apps.exams.models import Problem, StatementVersion
from apps.exams.rules.choices import ChoicesUnreadable, choices_as_text, choices_from_text
from apps.exams.rules.drafts import fault_of_accepted, fault_of_choices
from apps.exams.services import editing

CHOICES_HELP = "One a line, as in “A: 42”. A line that begins with spaces goes on with the choice above it."


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
        try:
            return choices_from_text(self.cleaned_data["choices"])
        except ChoicesUnreadable as fault:
            raise forms.ValidationError(str(fault)) from fault

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
