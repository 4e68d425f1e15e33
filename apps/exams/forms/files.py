"""Forms that make an exam of another one, or of a file."""

from typing import Any

from django import forms

from apps.exams.forms.moments import LocalMomentField, LocalMomentInput
from apps.exams.models import Exam

INPUT = {"class": "input"}


class DuplicateForm(forms.ModelForm[Exam]):
    """The slug is checked by the model's own rule; nothing of this form is saved by itself."""

    first_opens_at = LocalMomentField(
        required=False,
        label="The first time block opens at",
        widget=LocalMomentInput(attrs=INPUT),
    )

    class Meta:
        model = Exam
        fields = ("title", "slug")
        widgets = {"title": forms.TextInput(attrs=INPUT), "slug": forms.TextInput(attrs=INPUT)}


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Any number of files, at least one where it is required."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            super().clean(None, initial)
        return [super(SeveralFilesField, self).clean(file, initial) for file in files]


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="YAML or JSON, or a ZIP of one of them with its figures. Up to 20 MB.",
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,.json,.zip"}),
    )
    figures = SeveralFilesField(
        required=False,
        label="Figures that lie beside it",
        help_text="SVG or PNG; not with a ZIP.",
        widget=SeveralFilesInput(attrs={"accept": ".svg,.png"}),
    )
