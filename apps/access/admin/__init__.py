"""The console's pages of people and keys."""

from apps.access.admin.keys import AccessKeyAdmin, KeyBatchAdmin
from apps.access.admin.people import ContestantAdmin, RegistrationAdmin, SchoolAdmin

__all__ = ["AccessKeyAdmin", "ContestantAdmin", "KeyBatchAdmin", "RegistrationAdmin", "SchoolAdmin"]
