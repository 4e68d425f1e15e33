"""An exam's own page."""

from typing import Any

from django import forms

from apps.core.errors import RuleViolation
from apps.exams.forms.consent import ConsentForm
from apps.exams.models import Exam
from apps.exams.rules.changes import RULES, Reach
from apps.exams.services import changing, editing


class ExamForm(ConsentForm[Exam]):
    """The instructions are rendered as they are checked."""

    field_kinds = {
        kind.removeprefix("exam."): kind
        for kind in RULES
        if kind.startswith("exam.") and kind != "exam.draft"
    }

    class Meta:
        model = Exam
        fields = "__all__"

    def reach(self, *, hold: bool = False) -> Reach:
        return changing.hold_reach(self.instance.pk) if hold else changing.reach_of(self.instance)

    def clean_instructions(self) -> str:
        text: str = self.cleaned_data["instructions"].replace("\r\n", "\n")
        figures = editing.figure_addresses(self.instance.pk) if self.instance.pk else {}
        try:
            self.instance.instructions_html = editing.render_text(text, figures, top_heading=2).html
        except RuleViolation as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return text

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance.pk:
            self.check_changes(cleaned)
        return cleaned
