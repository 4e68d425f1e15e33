"""What the console asks before keys are issued or ended, and before a roster is read."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from apps.access.models import Contestant, Registration, School
from apps.access.services.issuing import MOST_KEYS
from apps.access.services.revoking import LONGEST_REASON
from apps.core.errors import RuleViolation
from apps.core.sheets import LARGEST_FILE, Row, Table, read_table
from apps.exams.models import Exam
from apps.exams.rules import roles

ROSTER_SALT = "examgrader.roster"
# Below DATA_UPLOAD_MAX_MEMORY_SIZE, with room for the rest of the form.
LARGEST_ROSTER = 2_000_000


class RosterTooLong(RuleViolation):
    message = "This roster is too long to be looked at on a page. Import it in two parts."
    code = "roster_too_long"


class KeyFileForm(forms.Form):
    """Whatever issues keys answers with the file of them, once; `request` lets a second press do nothing."""

    file_type = forms.ChoiceField(
        choices=[("csv", "CSV"), ("xlsx", "XLSX (Excel, LibreOffice)")],
        initial="csv",
        required=False,
        label="File",
    )
    request = forms.UUIDField(required=False, initial=uuid.uuid4, widget=forms.HiddenInput)

    def clean_file_type(self) -> str:
        return self.cleaned_data["file_type"] or "csv"


class OwnExamForm(forms.Form):
    """Starts with the choice of an exam whose people the user manages."""

    exam = forms.ModelChoiceField(queryset=Exam.objects.none())

    def __init__(self, *args: Any, user: AbstractBaseUser | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["exam"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Exam.objects.visible_to(user, roles.MANAGE_PEOPLE)


class IssueKeysForm(OwnExamForm, KeyFileForm):
    field_order = ("exam", "count", "time_block", "tester", "file_type", "request")

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
    """Uploads a roster; what it would do is shown before anything is done."""

    file = forms.FileField(
        help_text="CSV (UTF-8, comma or semicolon) or XLSX, at most 10 MB and 20,000 rows;"
        " only external_id is required."
    )
    time_block = forms.CharField(
        required=False, max_length=60, help_text="For new contestants whose row names none."
    )

    def clean_file(self) -> Table:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            return read_table(file.read(LARGEST_FILE + 1))
        except RuleViolation as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class ConfirmRosterForm(OwnExamForm):
    """The roster that was shown, carried by the page itself: nothing is kept on the server meanwhile."""

    roster = forms.CharField(widget=forms.HiddenInput)
    shown = forms.CharField(widget=forms.HiddenInput)
    time_block = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["exam"].widget = forms.HiddenInput()

    def clean_roster(self) -> Table:
        try:
            columns, rows = signing.loads(self.cleaned_data["roster"], salt=ROSTER_SALT)
        except signing.BadSignature as error:
            raise forms.ValidationError("The page was damaged on its way. Upload the file again.") from error
        return Table(
            columns=columns,
            rows=[
                Row(number=number, cells=dict(zip(columns, cells, strict=True))) for number, *cells in rows
            ],
        )


def pack_roster(table: Table) -> str:
    """The table for `ConfirmRosterForm`; a form is limited in size, so it is compressed."""
    rows = [[row.number, *(row.cells[column] for column in table.columns)] for row in table.rows]
    packed = signing.dumps([list(table.columns), rows], salt=ROSTER_SALT, compress=True)
    if len(packed) > LARGEST_ROSTER:
        raise RosterTooLong
    return packed


class ReplaceForm(KeyFileForm):
    replace = forms.BooleanField(
        required=False,
        label="Replace",
        help_text="Whoever has a key gets a new one, and the old one ends. Otherwise they keep it.",
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=LONGEST_REASON, help_text="It stays in the history.")


class ReissueForm(ReasonForm, KeyFileForm):
    field_order = ("reason", "unused", "file_type", "request")


class OfBatchForm(ReasonForm):
    unused = forms.BooleanField(
        required=False,
        initial=True,
        label="Only keys that nobody has used yet",
        help_text="Without it, contestants who are in with one of these keys are signed out as well.",
    )


class ReissueBatchForm(OfBatchForm, ReissueForm):
    pass


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
