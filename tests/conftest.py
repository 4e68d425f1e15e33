"""What every test may ask for."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from apps.exams.selectors.content import CONTENT
from apps.submissions.views.paper_page import PAGES
from tests import factories
from tests.support.static_files import collect_files


@pytest.fixture
def now() -> datetime:
    """A moment in the middle of the factories' time block."""
    return factories.NOW


@pytest.fixture(autouse=True)
def _empty_cache():
    """Counters and contents of one test are not another's: their databases have nothing in common."""
    cache.clear()
    CONTENT.recent.clear()
    PAGES.clear()


@pytest.fixture
def real_now() -> datetime:
    """The wall clock, for what the database's own clock decides."""
    return datetime.now(tz=UTC)


@pytest.fixture(scope="session")
def collected(tmp_path_factory):
    """A folder with the static files as a deployment collects them."""
    return collect_files(tmp_path_factory.mktemp("collected"))
