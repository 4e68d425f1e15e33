"""What the console asks before keys are issued or ended, and before a roster is read."""

from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.files.uploadedfile import UploadedFile

from apps.access.models import Contestant, Registration, School
from apps.access.services.issuing import MOST_KEYS
from apps.access.services.revoking import LONGEST_REASON
from apps.core.errors import RuleViolation
from apps.core.sheets import LARGEST_FILE, Table, read_table
from apps.exams.models import Exam
from apps.exams.rules import roles


class OwnExamForm(forms.Form):
    """Starts with the choice of an exam whose people the user manages."""

    exam = forms.ModelChoiceField(queryset=Exam.objects.none())

    def __init__(self, *args: Any, user: AbstractBaseUser | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["exam"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Exam.objects.visible_to(user, roles.MANAGE_PEOPLE)


class IssueKeysForm(OwnExamForm):
    count = forms.IntegerField(
        min_value=1, max_value=MOST_KEYS, label="How many", help_text="Contestants known by a number alone."
    )
    time_block = forms.CharField(
        required=False, max_length=60, help_text="Its name; blank where the exam has only one."
    )
    tester = forms.BooleanField(
        required=False, label="For testers", help_text="They see the paper early and are never counted."
    )


class RosterForm(OwnExamForm):
    file = forms.FileField(help_text="CSV (UTF-8, comma or semicolon) or XLSX; only external_id is required.")
    time_block = forms.CharField(
        required=False, max_length=60, help_text="For new contestants whose row names none."
    )
    dry_run = forms.BooleanField(
        required=False,
        initial=True,
        label="Only check",
        help_text="Say what would change, and write nothing.",
    )

    def clean_file(self) -> Table:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            return read_table(file.read(LARGEST_FILE + 1))
        except RuleViolation as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class ReplaceForm(forms.Form):
    replace = forms.BooleanField(
        required=False,
        label="Replace",
        help_text="Whoever has a key gets a new one, and the old one ends. Otherwise they keep it.",
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=LONGEST_REASON, help_text="It stays in the history.")


class ContestantForm(forms.ModelForm[Contestant]):
    class Meta:
        model = Contestant
        fields = ("name", "external_id", "school", "team", "division", "grade", "room", "may_publish_name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("school")
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = School.objects.filter(contest=self.instance.contest_id)


class RegistrationForm(forms.ModelForm[Registration]):
    class Meta:
        model = Registration
        fields = ("time_block", "extra_minutes", "time_factor", "tester", "disqualification")
        help_texts = {
            "time_block": "A paper that was started keeps its deadline; move that on the paper's page.",
            "tester": "Sees the paper early and is never counted.",
            "disqualification": "The reason; blank: not disqualified.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("time_block")
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = self.instance.exam.time_blocks.all()
