"""Contestants, their registrations and their access keys."""

from apps.access.models.erasure import Erasure
from apps.access.models.key import AccessKey, KeyBatch
from apps.access.models.people import Contestant, Registration, School

__all__ = ["AccessKey", "Contestant", "Erasure", "KeyBatch", "Registration", "School"]
