"""A problem's page: the problem together with its newest statement."""

from typing import Any

from django import forms

from apps.core.errors import RuleViolation
from apps.exams.forms.consent import ConsentForm, told
from apps.exams.models import Problem, StatementVersion
from apps.exams.rules.changes import Reach, objections
from apps.exams.rules.choices import ChoicesUnreadable, choices_as_text, choices_from_text
from apps.exams.rules.drafts import fault_of_accepted, fault_of_choices
from apps.exams.services import changing, editing

CHOICES_HELP = "One a line, as in “A: 42”. A line that begins with spaces goes on with the choice above it."


class ProblemForm(ConsentForm[Problem]):
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

    field_kinds = {
        name: f"problem.{name}"
        for name in ("number", "kind", "max_points", "accepted", "pages", "not_counted", "not_counted_reason")
    }

    class Meta:
        model = Problem
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.latest: StatementVersion | None = None
        if self.instance.pk:
            self.initial["accepted"] = "\n".join(self.instance.accepted)
            self.latest = self.instance.statements.order_by("-version").first()
        if self.latest:
            self.initial["statement"] = self.latest.source
            self.initial["choices"] = choices_as_text(self.latest.choices)
            self.initial["note"] = self.latest.note

    def reach(self, *, hold: bool = False) -> Reach:
        if hold:
            return changing.hold_reach(self.instance.exam_id, self.instance.pk)
        return changing.reach_of(self.instance.exam, self.instance)

    def kinds(self, cleaned: dict[str, Any]) -> dict[str, str]:
        kinds = super().kinds(cleaned)
        if self.latest and {"statement", "choices", "note"} <= cleaned.keys():
            source, choices, note = cleaned["statement"], cleaned["choices"], cleaned["note"]
            changes = editing.statement_changes(self.latest, source=source, choices=choices, note=note)
            is_text = source != self.latest.source
            places = {
                "statement.text": "statement" if is_text else "choices",
                "statement.labels": "choices",
                "statement.note": "note",
            }
            kinds |= {kind: places[kind] for kind in changes}
        return kinds

    def clean_accepted(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["accepted"].splitlines() if line.strip()]

    def clean_statement(self) -> str:
        statement: str = self.cleaned_data["statement"].replace("\r\n", "\n")
        if not statement.strip():
            raise forms.ValidationError(editing.StatementBlank.message)
        return statement

    def clean_solution(self) -> str:
        solution: str = self.cleaned_data["solution"].replace("\r\n", "\n")
        return solution

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
        if self.instance.pk:
            self.check_changes(cleaned)
        else:
            for objection in objections(changing.hold_reach(exam.pk), ["problem.added"]):
                self.add_error("exam", told(objection))
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
