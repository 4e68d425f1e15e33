"""A figure is its file."""

from typing import Any

from django import forms

from apps.core.errors import RuleViolation
from apps.core.images import clean_image
from apps.exams.models import Figure
from apps.exams.services import editing


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
