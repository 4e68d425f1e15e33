"""An exam, its organiser, and the console as they see it."""

import pytest

from apps.exams.enums import StaffRole
from tests.factories import ExamStaffFactory, TimeBlockFactory
from tests.support.confirming import confirm


@pytest.fixture
def exam():
    return TimeBlockFactory(exam__title="Spring Round", name="Europe").exam


@pytest.fixture
def organiser(exam):
    return ExamStaffFactory(exam=exam, role=StaffRole.ORGANISER).user


@pytest.fixture
def console(client, organiser):
    """Signed in as the organiser, who has just typed the password again."""
    client.force_login(organiser)
    return confirm(client)
