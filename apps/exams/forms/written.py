"""What stands in the fields of a problem's page while it is being written."""

from decimal import Decimal
from typing import Any

from django import forms

from apps.exams.enums import ProblemKind
from apps.exams.services.previewing import WrittenProblem


class WrittenProblemForm(forms.Form):
    """Lenient: a field that is not finished yet has a stand-in, so that the others are shown."""

    number = forms.IntegerField(min_value=1, required=False)
    kind = forms.ChoiceField(choices=ProblemKind, required=False)
    max_points = forms.DecimalField(min_value=Decimal("0.01"), max_value=1000, required=False)
    statement = forms.CharField(strip=False, required=False)
    choices = forms.CharField(strip=False, required=False)
    note = forms.CharField(required=False)
    solution = forms.CharField(strip=False, required=False)

    def written(self) -> WrittenProblem:
        self.full_clean()
        fields: dict[str, Any] = self.cleaned_data
        return WrittenProblem(
            number=fields.get("number") or 1,
            kind=fields.get("kind") or ProblemKind.PROOF,
            max_points=fields.get("max_points") or Decimal(1),
            statement=fields.get("statement", ""),
            choices=fields.get("choices", ""),
            note=fields.get("note", ""),
            solution=fields.get("solution", ""),
        )
