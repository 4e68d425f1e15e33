"""Fields of an exam that somebody has started: some stay as they are, some ask first."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django import forms
from django.db.models import Model

from apps.exams.rules.changes import RULES, Objection, Reach, Verdict, objections
from apps.exams.services.changing import Consent

Row = TypeVar("Row", bound=Model)

UNCONFIRMED = "Tick “Change it all the same” and say why."


class ConsentForm(forms.ModelForm[Row]):
    """Says at each field what stands against changing it, and takes the consent to change it all the same.

    `field_kinds` names the kind of change that a field stands for.
    """

    consent = forms.BooleanField(required=False, label="Change it all the same")
    reason = forms.CharField(
        required=False,
        max_length=300,
        label="Why",
        widget=forms.TextInput(attrs={"size": 60}),
        help_text="Kept in the history; contestants do not see it.",
    )

    field_kinds: dict[str, str] = {}

    def reach(self, *, hold: bool = False) -> Reach:
        """How far this row has come; with `hold` it comes no further until the transaction ends.

        Each form says its own: only it knows where its row's exam is.
        """
        raise NotImplementedError

    def kinds(self, cleaned: dict[str, Any]) -> dict[str, str]:
        """The kinds of change that were asked for, each with the field where it is told."""
        return {
            kind: name
            for name, kind in self.field_kinds.items()
            if name in cleaned and name in self.fields and cleaned[name] != getattr(self.instance, name)
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # A blank line at the end that nobody touched is no change.
            if isinstance(field.widget, forms.Textarea) and isinstance(field, forms.CharField):
                field.strip = False
        if not self.instance.pk:
            return
        reach = self.reach()
        for name, kind in self.field_kinds.items():
            rule = RULES[kind]
            if name not in self.fields or rule.verdict_at(reach) is not Verdict.REFUSE:
                continue
            # A browser does not send what cannot be changed. What was sent all the same is checked.
            if not self.is_bound or self.add_prefix(name) not in self.data:
                self.fields[name].disabled = True
                self.fields[name].help_text = f"Stays as it is. {rule.why}"

    def given_consent(self) -> Consent:
        return Consent(bool(self.cleaned_data.get("consent")), self.cleaned_data.get("reason", ""))

    def check_changes(self, cleaned: dict[str, Any]) -> None:
        """Put each objection beside its field, unless it only asks and there is a consent."""
        places = self.kinds(cleaned)
        if not places:
            return
        for objection in unanswered(objections(self.reach(hold=True), places), self.given_consent()):
            self.add_error(places[objection.kind], told(objection))


def unanswered(found: Iterable[Objection], consent: Consent) -> list[Objection]:
    """The objections that a consent does not answer."""
    return [objection for objection in found if objection.verdict is Verdict.REFUSE or not consent.is_whole]


def told(objection: Objection) -> str:
    ask = f" {UNCONFIRMED}" if objection.verdict is Verdict.ASK else ""
    return f"{objection}{ask}"
