"""The queue and the scores for graders' programs (CONTRACT, "Grading")."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.bodies import SPEAKABLE_PATTERN, Body, NumberInQuery, Text, Whole, Word
from apps.core.markup import render_answer, render_expression
from apps.core.problems import Invalid, NotFound
from apps.exams.api.base import PageQuery, Pages, StaffList, StaffView, list_refusals, staff_refusals
from apps.exams.enums import ProblemKind
from apps.exams.gate import exam_for, staff_of
from apps.exams.models import Problem
from apps.exams.rules import roles
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask
from apps.grading.rules.points import BadPoints, parse_points
from apps.grading.selectors.tasks import PARTS, TaskShown, describe_tasks
from apps.grading.services import queueing, scoring

LARGEST = 2**31 - 1  # of the columns these are compared with


class ScoreSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    points = serializers.DecimalField(max_digits=6, decimal_places=2, normalize_output=True)
    comment = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    scored_at = serializers.DateTimeField()


class TaskProblemSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(ProblemKind.choices)
    max_points = serializers.DecimalField(max_digits=6, decimal_places=2, normalize_output=True)
    statement_html = serializers.CharField(allow_blank=True)
    accepted = serializers.ListField(child=serializers.CharField())
    solution_html = serializers.CharField(allow_blank=True)


class TaskAnswerSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    text = serializers.CharField(allow_blank=True)
    html = serializers.SerializerMethodField()
    pages = serializers.SerializerMethodField()

    def get_html(self, task: TaskShown) -> str:
        render = render_expression if task.kind == ProblemKind.EXPRESSION else render_answer
        return str(render(task.text))

    @extend_schema_field({"type": "array", "items": {"type": "string"}, "maxItems": 0})
    def get_pages(self, task: TaskShown) -> list[str]:
        """Photographed pages; none can be handed in yet."""
        return []


class TaskSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="task_id")
    exam = serializers.IntegerField(source="exam_id")
    problem = TaskProblemSerializer(source="*")
    blind_code = serializers.CharField()
    reading = serializers.IntegerField()
    status = serializers.ChoiceField(TaskStatus.choices)
    claimed_until = serializers.DateTimeField(allow_null=True)
    answer = TaskAnswerSerializer(source="*")
    score = ScoreSerializer(allow_null=True)
    score_version = serializers.IntegerField(
        source="version", help_text="The newest version, also one that took a score back; 0: none."
    )


class WantedTaskSerializer(Body):
    exam = Whole(min_value=1)
    problem = Whole(min_value=1, required=False, help_text="The problem's number.")


@extend_schema_field({"type": ["string", "number"], "pattern": SPEAKABLE_PATTERN})
class TypedPoints(serializers.CharField):
    """Points as they were typed, or as a number: what they are is for the one who reads points."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class NewScoreSerializer(Body):
    points = TypedPoints(allow_blank=True)
    comment = Text(allow_blank=True, default="", max_length=5000)
    note = Text(allow_blank=True, default="", max_length=5000, help_text="For graders only.")
    based_on = Whole(min_value=0, max_value=LARGEST, help_text="The score version that was seen, 0: none.")
    answer_revision = Whole(min_value=0, max_value=LARGEST)


class TaskPages(Pages):
    page_size = 20
    max_page_size = 100


class TaskQuery(PageQuery):
    page_size = NumberInQuery(required=False, min_value=1, max_value=TaskPages.max_page_size)
    exam = NumberInQuery(required=False, min_value=1, help_text="Its id.")
    problem = NumberInQuery(required=False, min_value=1, max_value=LARGEST, help_text="The problem's number.")
    status = Word(TaskStatus.choices, required=False)
    reading = NumberInQuery(required=False, min_value=1, max_value=LARGEST)


class TaskList(StaffList[GradingTask]):
    """`GET /api/v1/grading/tasks/`"""

    pagination_class = TaskPages
    serializer_class = TaskSerializer
    query = TaskQuery

    @extend_schema(
        operation_id="tasks",
        summary="Answers to be graded, in the exams in which one scores",
        parameters=[TaskQuery],
        responses={200: TaskSerializer(many=True), **list_refusals()},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(TaskSerializer(describe_tasks(page or []), many=True).data)

    def get_queryset(self) -> QuerySet[GradingTask]:
        paths = {"exam": "exam_id", "problem": "problem__number", "status": "status", "reading": "reading"}
        tasks = GradingTask.objects.visible_to(staff_of(self.request), roles.SCORE).select_related(*PARTS)
        return tasks.filter(**{paths[name]: value for name, value in self.filters().items()})


class NextTask(StaffView):
    """`POST /api/v1/grading/tasks/next/`"""

    @extend_schema(
        operation_id="next_task",
        summary="Claim the next answer; what one holds already comes first",
        request=WantedTaskSerializer,
        responses={
            200: TaskSerializer,
            204: OpenApiResponse(None, "Nothing is left for this grader."),
            **staff_refusals(Invalid, NotFound),
        },
    )
    def post(self, request: Request) -> Response:
        asked = WantedTaskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        exam = exam_for(request, asked.validated_data["exam"], roles.SCORE)
        problem_id = None
        if number := asked.validated_data.get("problem"):
            problem = Problem.objects.filter(exam=exam, number=number).first()
            if problem is None:
                raise NotFound
            problem_id = problem.pk
        now = timezone.now()
        for _ in range(2):
            task_id = queueing.claim_next_task(
                exam_id=exam.pk, grader=staff_of(request), now=now, problem_id=problem_id
            )
            if task_id is not None:
                return Response(TaskSerializer(shown(task_id)).data)
            # The queue is used up: papers that closed since it was filled are queued first.
            if not queueing.create_grading_tasks(exam_id=exam.pk, now=now):
                break
        return Response(status=204)


class ScoreTask(StaffView):
    """`POST /api/v1/grading/tasks/{id}/score/`"""

    @extend_schema(
        operation_id="score_task",
        summary="Record a score as the version after `based_on`",
        request=NewScoreSerializer,
        responses={
            201: OpenApiResponse(ScoreSerializer, "It is recorded; sent again, it is the same score."),
            **staff_refusals(
                Invalid,
                scoring.InvalidPoints,
                scoring.ReasonMissing,
                scoring.NotClaimed,
                scoring.ResultsPublished,
                queueing.PaperOpen,
                NotFound,
                scoring.ScoreConflict,
                scoring.AnswerChanged,
            ),
        },
    )
    def post(self, request: Request, task_id: int) -> Response:
        task = task_for(request, task_id)
        asked = NewScoreSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        score = asked.validated_data
        try:
            points = parse_points(score["points"], maximum=task.problem.max_points)
        except BadPoints as fault:
            raise scoring.InvalidPoints(str(fault)) from fault
        recorded = scoring.score_task(
            **{**score, "points": points},
            task_id=task.pk,
            grader=staff_of(request),
            now=timezone.now(),
            may_correct=staff_of(request).has_perm(roles.LEAD, task.exam),
        )
        return Response(ScoreSerializer(recorded).data, status=201)


class SurrenderTask(StaffView):
    """`POST /api/v1/grading/tasks/{id}/surrender/`"""

    @extend_schema(
        operation_id="surrender_task",
        summary="Give a claimed answer back",
        request=None,
        responses={
            204: OpenApiResponse(None, "Somebody else will read it."),
            **staff_refusals(queueing.TaskTaken, NotFound),
        },
    )
    def post(self, request: Request, task_id: int) -> Response:
        task = task_for(request, task_id)
        queueing.surrender_task(task_id=task.pk, grader=staff_of(request), now=timezone.now())
        return Response(status=204)


def task_for(request: Request, task_id: int) -> GradingTask:
    """The task, if the user may score in its exam; another exam's is as good as missing."""
    task = GradingTask.objects.select_related("exam", "problem").filter(pk=task_id).first()
    if task is None:
        raise NotFound
    exam_for(request, task.exam_id, roles.SCORE)
    return task


def shown(task_id: int) -> TaskShown:
    return describe_tasks([GradingTask.objects.select_related(*PARTS).get(pk=task_id)])[0]
