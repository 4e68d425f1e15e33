"""Ready, closed, draft: the tick and the reason that closing early asks for."""

from django import forms

from apps.exams.services.changing import Consent


class StatusForm(forms.Form):
    consent = forms.BooleanField(required=False, label="Close it although a time block is not over")
    reason = forms.CharField(required=False, max_length=300, label="Why")

    def given_consent(self) -> Consent:
        self.full_clean()
        return Consent(bool(self.cleaned_data.get("consent")), self.cleaned_data.get("reason", ""))
