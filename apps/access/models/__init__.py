"""Contestants, their registrations and their access keys."""

from apps.access.models.key import AccessKey, KeyBatch
from apps.access.models.people import Contestant, Registration, School

__all__ = ["AccessKey", "Contestant", "KeyBatch", "Registration", "School"]
