"""The console's pages of people and keys."""

from apps.access.admin.batches import KeyBatchAdmin
from apps.access.admin.keys import AccessKeyAdmin
from apps.access.admin.people import ContestantAdmin, RegistrationAdmin, SchoolAdmin

__all__ = ["AccessKeyAdmin", "ContestantAdmin", "KeyBatchAdmin", "RegistrationAdmin", "SchoolAdmin"]
