"""Access keys for programs of the staff."""

from apps.access.api.keys import IssueKeys, RevokeKeys

__all__ = ["IssueKeys", "RevokeKeys"]
