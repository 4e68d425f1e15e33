"""From the cover to the receipt, for the contestant whose token it is."""

import json

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.gate import ContestantView, contestant_of
from apps.core.errors import RuleViolation
from apps.core.problems import refusals
from apps.submissions.api.shapes import (
    BatchSerializer,
    MeSerializer,
    PaperSerializer,
    SavedSerializer,
    SubmittedSerializer,
    exam_tree,
)
from apps.submissions.gate import save_as
from apps.submissions.selectors.cover import get_cover
from apps.submissions.selectors.paper import Paper, get_paper
from apps.submissions.services import starting, submitting
from apps.submissions.services.saving import DatabaseBusy, SavePass, SignedOut
from apps.submissions.services.submitting import NotStarted


class InvalidEdits(RuleViolation):
    """For the schema; `errors` names each edit and what is wrong with it."""

    message = "This batch is not valid; nothing of it was kept."
    code = "invalid_batch"
    status = 400


class Me(ContestantView):
    """`GET /api/v1/me/`"""

    @extend_schema(
        operation_id="me",
        summary="How the contestant's exam stands",
        responses={200: MeSerializer, **refusals(SignedOut)},
    )
    def get(self, request: Request) -> Response:
        return Response(me_tree(request))


class StartMine(ContestantView):
    """`POST /api/v1/me/start/`"""

    @extend_schema(
        operation_id="start",
        summary="Start the paper; again: the same paper",
        request=None,
        responses={
            201: OpenApiResponse(MeSerializer, "Started by this call."),
            200: OpenApiResponse(MeSerializer, "It ran already."),
            **refusals(SignedOut, starting.NotOpen, starting.EntryClosed),
        },
    )
    def post(self, request: Request) -> Response:
        started = starting.start_paper(registration_id=registration_of(request), now=timezone.now())
        return Response(me_tree(request), status=201 if started.is_new else 200)


class MyPaper(ContestantView):
    """`GET /api/v1/me/paper/`"""

    @extend_schema(
        operation_id="paper",
        summary="The problems, and what the server holds as answers",
        responses={200: PaperSerializer, **refusals(SignedOut, NotStarted)},
    )
    def get(self, request: Request) -> Response:
        return Response(PaperSerializer(own_paper(request)).data)


class SaveMine(ContestantView):
    """`POST /api/v1/me/save/`: the body and the service of the page's own saves."""

    @extend_schema(
        operation_id="save",
        summary="Save a batch of edits; without edits a heartbeat",
        request=BatchSerializer,
        responses={
            200: SavedSerializer,
            **refusals(InvalidEdits, SignedOut, submitting.SubmissionClosed, NotStarted, DatabaseBusy),
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        contestant, shown = contestant_of(request), own_paper(request)
        save_pass = SavePass(shown.pk, contestant.key_id, contestant.epoch, shown.paper_version)
        return save_as(save_pass, request)


class SubmitMine(ContestantView):
    """`POST /api/v1/me/submit/`"""

    @extend_schema(
        operation_id="submit",
        summary="Hand in; again: the same receipt",
        request=None,
        responses={200: SubmittedSerializer, **refusals(SignedOut, submitting.SubmissionClosed, NotStarted)},
    )
    def post(self, request: Request) -> Response:
        receipt = submitting.submit_own_paper(registration_id=registration_of(request), now=timezone.now())
        tree = {
            "submitted_at": json.loads(receipt.body)["submitted_at"],
            "receipt": {
                "number": receipt.pk,
                "code": receipt.code,
                "digest": receipt.digest,
                "signature": receipt.signature,
            },
        }
        return Response(tree)


def registration_of(request: Request) -> int:
    registration_id = contestant_of(request).registration_id
    assert registration_id is not None  # noqa: S101 - a token without one is not taken
    return registration_id


def own_paper(request: Request) -> Paper:
    shown = get_paper(registration_id=registration_of(request), now=timezone.now())
    if shown is None:
        raise NotStarted
    return shown


def me_tree(request: Request) -> dict[str, object]:
    contestant = contestant_of(request)
    cover = get_cover(contestant=contestant, now=timezone.now())
    assert cover is not None  # noqa: S101 - who has a token is registered
    tree = {
        "now": cover.now,
        **exam_tree(contestant, cover),
        "tester": cover.is_tester,
        "started": cover.started,
        "submitted": cover.submitted,
        "deadline": cover.deadline_at,
    }
    return dict(MeSerializer(tree).data)
