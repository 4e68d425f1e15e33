"""The console's pages for graders and for whoever publishes."""

from apps.grading.admin.results import PublicationAdmin
from apps.grading.admin.tasks import GradingTaskAdmin

__all__ = ["GradingTaskAdmin", "PublicationAdmin"]
