"""What a rehearsal found, as JSON and as one page that can be printed and passed on."""

from apps.grading.management.rehearsal.report.document import Setting, build
from apps.grading.management.rehearsal.report.page import render

__all__ = ["Setting", "build", "render"]
