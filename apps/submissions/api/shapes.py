"""The bodies of the contestant's calls, in and out (CONTRACT, "Tokens and the contestant")."""

from typing import Any

from rest_framework import serializers

from apps.access.gate import SignedIn
from apps.core.bodies import Text
from apps.exams.enums import Phase, ProblemKind
from apps.submissions.enums import RevisionState
from apps.submissions.selectors.cover import Cover


class TypedKeyField(serializers.CharField):
    """Any text at all: what cannot be a key is answered like a key that nobody has."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return data if isinstance(data, str) else super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        raise serializers.ValidationError("A text is needed.")


class KeySerializer(serializers.Serializer[Any]):
    key = TypedKeyField(help_text="As printed; case and dashes do not matter.")
    exam = Text(required=False, max_length=100, help_text="The exam's slug, where a key opens several.")


class PersonSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    name = serializers.CharField()


class OtherExamSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()


class OwnExamSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    phase = serializers.ChoiceField(Phase.choices)
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField(help_text="The end of entry; of a paper that runs, its deadline.")


class EnteredSerializer(serializers.Serializer[Any]):
    access = serializers.CharField()
    expires_at = serializers.DateTimeField()
    contestant = PersonSerializer()
    exam = OwnExamSerializer()
    exams = OtherExamSerializer(many=True)


class MeSerializer(serializers.Serializer[Any]):
    now = serializers.DateTimeField()
    contestant = PersonSerializer()
    exam = OwnExamSerializer()
    exams = OtherExamSerializer(many=True)
    tester = serializers.BooleanField()
    started = serializers.BooleanField()
    submitted = serializers.BooleanField()
    deadline = serializers.DateTimeField(allow_null=True, help_text="Null before the start.")


class ChoiceSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, as REST framework reads it
    html = serializers.CharField()


class AnswerSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(allow_blank=True)
    revision = serializers.IntegerField(help_text="0: blank since the start.")


class PaperProblemSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(ProblemKind.choices)
    max_points = serializers.CharField()
    statement_html = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    choices = ChoiceSerializer(many=True)
    answer = AnswerSerializer()


class PaperSerializer(serializers.Serializer[Any]):
    now = serializers.DateTimeField()
    deadline = serializers.DateTimeField(source="deadline_at")
    grace_seconds = serializers.IntegerField()
    phase = serializers.ChoiceField(Phase.choices)
    notices = serializers.IntegerField()
    instructions_html = serializers.CharField(allow_blank=True)
    problems = PaperProblemSerializer(many=True)


class EditSerializer(serializers.Serializer[Any]):
    op = serializers.UUIDField()
    number = serializers.IntegerField(min_value=1)
    text = serializers.CharField(allow_blank=True, max_length=20_000)
    based_on = serializers.IntegerField(allow_null=True, min_value=0)


class BatchSerializer(serializers.Serializer[Any]):
    device = serializers.UUIDField()
    notices = serializers.IntegerField(required=False)
    edits = EditSerializer(many=True, help_text="At most 50; none is a heartbeat.")
    waited = serializers.IntegerField(
        required=False,
        help_text="Milliseconds the oldest edit has waited on the device; for statistics only.",
    )


class SavedEditSerializer(serializers.Serializer[Any]):
    op = serializers.UUIDField()
    number = serializers.IntegerField()
    state = serializers.ChoiceField(RevisionState.choices)
    revision = serializers.IntegerField(allow_null=True)
    head = serializers.IntegerField()
    replayed = serializers.BooleanField()
    head_text = serializers.CharField(required=False, help_text="On a conflict: the text that counts.")


class SavedSerializer(serializers.Serializer[Any]):
    now = serializers.DateTimeField()
    deadline = serializers.DateTimeField()
    phase = serializers.ChoiceField(Phase.choices)
    notices = serializers.IntegerField()
    writer = serializers.BooleanField()
    edits = SavedEditSerializer(many=True)


class ReceiptSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    code = serializers.CharField()
    digest = serializers.CharField()
    signature = serializers.CharField()


class SubmittedSerializer(serializers.Serializer[Any]):
    submitted_at = serializers.DateTimeField()
    receipt = ReceiptSerializer()


def exam_tree(contestant: SignedIn, cover: Cover) -> dict[str, Any]:
    """What `OwnExamSerializer` and its neighbours show: whose exam it is, and how it stands."""
    chosen = {"slug": contestant.exam_slug, "title": contestant.exam_title}
    return {
        "contestant": {"number": contestant.contestant_number, "name": contestant.contestant_name},
        "exam": {
            **chosen,
            "id": contestant.exam_id,
            "phase": cover.phase,
            "opens_at": cover.opens_at,
            "closes_at": cover.closes_at,
        },
        "exams": [chosen, *({"slug": other.choose, "title": other.title} for other in cover.others)],
    }
