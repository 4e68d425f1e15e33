"""A figure is its file."""

from typing import Any

from django import forms

from apps.core.errors import RuleViolation
from apps.core.images import CleanImage, clean_image
from apps.exams.forms.consent import ConsentForm, told, unanswered
from apps.exams.models import Figure
from apps.exams.rules.changes import Reach, objections
from apps.exams.services import changing, editing


class FigureForm(ConsentForm[Figure]):
    """A figure is its file; the file's name is what statements call it."""

    file = forms.FileField(help_text="SVG or PNG. The file's name is the name that statements use.")

    class Meta:
        model = Figure
        fields = ("exam",)

    def reach(self, *, hold: bool = False) -> Reach:
        exam = self.instance.exam
        return changing.hold_reach(exam.pk) if hold else changing.reach_of(exam)

    def clean_file(self) -> Any:
        """Refuse here what the service would refuse: a field's error is read, a broken page is not."""
        file = self.cleaned_data["file"]
        try:
            self.image: CleanImage = clean_image(file.read())
            editing.check_figure_name(self.instance.name or file.name, self.image)
        except RuleViolation as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        file.seek(0)
        return file

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        exam_id = self.instance.exam_id or getattr(cleaned.get("exam"), "pk", None)
        if exam_id is None or "file" not in cleaned:
            return cleaned
        kind = editing.figure_change(exam_id, self.instance.name or cleaned["file"].name, self.image)
        found = objections(changing.hold_reach(exam_id), [kind] if kind else [])
        for objection in unanswered(found, self.given_consent()):
            # Its own page has the tick and shows the one that is there.
            text = told(objection) if self.instance.pk else f"{objection} Replace it on its own page."
            self.add_error("file", text)
        return cleaned
