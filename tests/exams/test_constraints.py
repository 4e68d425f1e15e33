"""What the database refuses of exams, whoever writes."""

import pytest
from django.db import IntegrityError

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("clock", "duration"), [("personal", None), ("personal", 0), ("common", 60), ("common", 0)]
)
def test_a_duration_goes_with_a_personal_clock_and_only_with_it(clock, duration):
    with pytest.raises(IntegrityError, match="duration_goes_with_personal_clock"):
        factories.ExamFactory(clock=clock, duration_minutes=duration)


@pytest.mark.parametrize(("clock", "duration"), [("personal", 60), ("common", None)])
def test_a_clock_that_is_whole_is_taken(clock, duration):
    assert factories.ExamFactory(clock=clock, duration_minutes=duration).pk
