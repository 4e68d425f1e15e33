"""What every test may ask for."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from tests import factories


@pytest.fixture
def now() -> datetime:
    """A moment in the middle of the factories' time block."""
    return factories.NOW


@pytest.fixture(autouse=True)
def _empty_cache():
    """Counters of one test are not another's."""
    cache.clear()


@pytest.fixture
def real_now() -> datetime:
    """The wall clock, for what the database's own clock decides."""
    return datetime.now(tz=UTC)
