"""Time blocks: entered and shown in their own zone."""

from typing import Any

from django import forms

from apps.exams.forms.consent import told, unanswered
from apps.exams.forms.moments import LocalMomentField, moment_of, zone_of
from apps.exams.models import Exam, TimeBlock
from apps.exams.rules.changes import RULES, objections
from apps.exams.services import changing
from apps.exams.services.changing import NO_CONSENT, Consent


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
            zone = zone_of(self.instance.zone or exam.zone)
            for name in self.moments:
                moment = getattr(self.instance, name)
                self.initial[name] = moment and moment.astimezone(zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        name_of_zone = cleaned.get("zone") or self.exam.zone
        for name in self.moments:
            if local := cleaned.get(name):
                try:
                    cleaned[name] = moment_of(local, name_of_zone)
                except forms.ValidationError as error:
                    self.add_error(name, error)
        return cleaned


class TimeBlockFormSet(forms.BaseInlineFormSet[Any, Exam, Any]):
    """The consent stands on the exam's own form, above."""

    def __init__(self, *args: Any, consent: Consent = NO_CONSENT, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.consent = consent

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "exam": self.instance}

    def clean(self) -> None:
        """Tell beside each field what stands against a change to it."""
        super().clean()
        if not self.instance.pk:
            return
        reach = changing.hold_reach(self.instance.pk)
        going = []
        for form in self.forms:
            places = _changes(form)
            for objection in unanswered(objections(reach, places), self.consent):
                if objection.kind == "block.removed":
                    going.append(f"{form.instance.name}. {told(objection)}")
                else:
                    form.add_error(places[objection.kind], told(objection))
        # Errors of a form that is to be deleted are not looked at.
        if going:
            raise forms.ValidationError(going)


def _changes(form: Any) -> dict[str, str | None]:
    """The kinds of change to one block, each with the field where it is told."""
    if form.instance.pk is None:
        return {"block.added": None} if form.has_changed() else {}
    if form.cleaned_data.get("DELETE"):
        return {"block.removed": None}
    return {f"block.{name}": name for name in form.changed_data if f"block.{name}" in RULES}
