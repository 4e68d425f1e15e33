"""An exam's own page."""

from django import forms

from apps.core.errors import RuleViolation
from apps.exams.models import Exam
from apps.exams.services import editing


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
