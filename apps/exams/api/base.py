"""What the staff's views of the API start from: a token, a role in the exam, pages of rows."""

from typing import TypeVar

from django.contrib.auth.models import AbstractUser
from django.db.models import Model
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from apps.core.api import ApiView
from apps.core.errors import RuleViolation

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


class IsStaff(BasePermission):
    """Staff who are still staff: their row is read at each call."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, AbstractUser) and request.user.is_staff


class Pages(PageNumberPagination):
    """`{count, next, previous, results}`"""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500


class StaffView(ApiView):
    """A view of the API for staff."""

    guard = "staff"
    authentication_classes = [JWTAuthentication]
    permission_classes = [IsStaff]


class StaffList(StaffView, ListModelMixin, GenericAPIView[Row]):
    """Rows in pages."""

    pagination_class = Pages
