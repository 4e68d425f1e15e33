"""Forms of the console: local times, statements with their choices, figures."""

from apps.exams.forms.blocks import TimeBlockForm, TimeBlockFormSet
from apps.exams.forms.exam import ExamForm
from apps.exams.forms.figure import FigureForm
from apps.exams.forms.problem import ProblemForm

__all__ = ["ExamForm", "FigureForm", "ProblemForm", "TimeBlockForm", "TimeBlockFormSet"]
