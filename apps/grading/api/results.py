"""Publishing, withdrawing, and what was published, for organisers' programs."""

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.rules.people import printed_number
from apps.core.bodies import Body, Line, NumberInQuery, Word
from apps.core.problems import Invalid, NotFound
from apps.exams.api.base import PageQuery, StaffList, StaffView, list_refusals, staff_refusals
from apps.exams.gate import exam_for, staff_of
from apps.exams.rules import roles
from apps.grading.api.own import OwnProblemSerializer
from apps.grading.enums import Standing
from apps.grading.models import Publication, Result
from apps.grading.selectors.results import newest_publication
from apps.grading.services import publishing


class ResultSerializer(serializers.ModelSerializer[Result]):
    number = serializers.SerializerMethodField()
    total = serializers.DecimalField(max_digits=10, decimal_places=2, allow_null=True, normalize_output=True)
    problems = OwnProblemSerializer(many=True)

    class Meta:
        model = Result
        fields = (
            "rank",
            "number",
            "external_id",
            "name",
            "school",
            "team",
            "division",
            "status",
            "total",
            "problems",
        )
        read_only_fields = fields

    def get_number(self, result: Result) -> str:
        """As it is printed: 0417."""
        return printed_number(result.number)


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    class Meta:
        model = Publication
        fields = ("number", "published_at", "withdrawn_at", "withdrawn_reason")
        read_only_fields = fields


class WithdrawalSerializer(Body):
    reason = Line(max_length=300)


class ResultQuery(PageQuery):
    status = Word(Standing.choices, required=False)
    number = NumberInQuery(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text="The contestant's, without zeros in front.",
    )
    division = Line(required=False, max_length=100)
    school = Line(required=False, max_length=200)


class ResultList(StaffList[Result]):
    """`GET /api/v1/exams/{id}/results/`"""

    serializer_class = ResultSerializer
    query = ResultQuery

    @extend_schema(
        operation_id="results",
        summary="The newest publication, the best first; empty while nothing is published",
        parameters=[ResultQuery],
        responses={200: ResultSerializer(many=True), **list_refusals()},
    )
    def get(self, request: Request, exam_id: int) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Result]:
        exam = exam_for(self.request, self.kwargs["exam_id"], roles.PUBLISH)
        results = Result.objects.filter(publication=newest_publication(exam.pk))
        return results.filter(**self.filters()).order_by("rank", "number")


class Publish(StaffView):
    """`POST /api/v1/exams/{id}/publications/`"""

    expensive = ("POST",)

    @extend_schema(
        operation_id="publish",
        summary="Freeze the scores as the next publication; contestants see it at once",
        request=None,
        responses={
            201: OpenApiResponse(PublicationSerializer, "It is out."),
            **staff_refusals(NotFound, publishing.WorkUnfinished),
        },
    )
    def post(self, request: Request, exam_id: int) -> Response:
        exam = exam_for(request, exam_id, roles.PUBLISH)
        publication = publishing.publish_results(exam_id=exam.pk, actor=staff_of(request), now=timezone.now())
        return Response(PublicationSerializer(publication).data, status=201)


class Withdraw(StaffView):
    """`POST /api/v1/exams/{id}/publications/{n}/withdraw/`"""

    expensive = ("POST",)

    @extend_schema(
        operation_id="withdraw",
        summary="Hide the results; only the newest publication can be withdrawn, older ones go with it",
        request=WithdrawalSerializer,
        responses={
            200: PublicationSerializer,
            **staff_refusals(
                Invalid,
                NotFound,
                publishing.NothingPublished,
                publishing.PublishedMeanwhile,
            ),
        },
    )
    def post(self, request: Request, exam_id: int, number: int) -> Response:
        exam = exam_for(request, exam_id, roles.PUBLISH)
        asked = WithdrawalSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        publication = Publication.objects.filter(exam=exam, number=number).first()
        if publication is None:
            raise NotFound
        publishing.withdraw_results(
            exam_id=exam.pk,
            actor=staff_of(request),
            reason=asked.validated_data["reason"],
            now=timezone.now(),
            newest_seen=number,
        )
        publication.refresh_from_db()
        return Response(PublicationSerializer(publication).data)
