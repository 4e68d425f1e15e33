"""The console's pages of the sitting."""

from apps.submissions.admin.paper import SubmissionAdmin

__all__ = ["SubmissionAdmin"]
