"""What the staff's views of the API start from: a token, a role in the exam, pages of rows."""

from typing import Any, ClassVar, TypeVar

from django.contrib.auth.models import AbstractUser
from django.db.models import Model
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from apps.core.api import ApiView
from apps.core.bodies import NumberInQuery, Query
from apps.core.errors import RuleViolation
from apps.core.problems import Invalid, NotFound, refusals
from apps.core.throttle import Throttle

Row = TypeVar("Row", bound=Model)


class SignedOut(RuleViolation):
    """The token is missing, too old or not ours, or its user was deactivated or changed the password."""

    message = "Ask for a token first, or for a new one."
    code = "signed_out"
    status = 401


class Forbidden(RuleViolation):
    message = "Your role in this exam does not allow this."
    code = "forbidden"
    status = 403


class TooManyCalls(RuleViolation):
    """For the schema; `Retry-After` says when to go on."""

    message = "Request was throttled. Expected available in 12 seconds."
    code = "throttled"
    status = 429


def staff_refusals(*kinds: type[RuleViolation]) -> dict[tuple[int, str], OpenApiResponse]:
    """What any call of the staff may be refused with, and this one besides."""
    return refusals(SignedOut, Forbidden, TooManyCalls, *kinds)


def list_refusals(*kinds: type[RuleViolation]) -> dict[tuple[int, str], OpenApiResponse]:
    """The same for lists: a filter that is none, a page beyond the end."""
    return staff_refusals(Invalid, NotFound, *kinds)


class IsStaff(BasePermission):
    """Staff who are still staff: their row is read at each call."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, AbstractUser) and request.user.is_staff


class StaffCalls(BaseThrottle):
    """A program in a loop shall not take the database from those who sit the exam."""

    counter: ClassVar = Throttle("calls", limit=1_200)
    seconds: int | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        self.seconds = self.counter.count(str(request.user.pk), now=timezone.now())
        return self.seconds is None

    def wait(self) -> int | None:
        return self.seconds


class ExpensiveCalls(StaffCalls):
    """Importing, issuing and publishing: some seconds of work each."""

    counter = Throttle("expensive", limit=30)


class Pages(PageNumberPagination):
    """`{count, next, previous, results}`"""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        """They stand in the query of each list."""
        return []


class PageQuery(Query):
    """Which page of a list; a list's filters are its subclass."""

    page = NumberInQuery(required=False, min_value=1, max_value=1_000_000)
    page_size = NumberInQuery(required=False, min_value=1, max_value=Pages.max_page_size)


class StaffView(ApiView):
    """A view of the API for staff. `expensive` are the methods that are counted twice."""

    guard = "staff"
    authentication_classes = [JWTAuthentication]
    permission_classes = [IsStaff]
    expensive: ClassVar[tuple[str, ...]] = ()

    def get_throttles(self) -> list[BaseThrottle]:
        is_expensive = self.request.method in self.expensive
        return [StaffCalls(), ExpensiveCalls()] if is_expensive else [StaffCalls()]


class StaffList(StaffView, ListModelMixin, GenericAPIView[Row]):
    """Rows in pages, filtered by what `query` describes."""

    pagination_class = Pages
    query: ClassVar[type[PageQuery]] = PageQuery

    def filters(self) -> dict[str, Any]:
        """What was asked for, besides the page; a filter that is none is refused by its name."""
        asked = self.query(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        return {name: value for name, value in asked.validated_data.items() if name not in PageQuery().fields}
