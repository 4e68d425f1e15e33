"""The model of cost: its arithmetic by hand, and that the document shows what it computes."""

import pytest

from benchmarks.capacity import Figures, need, table
from tests.support.serving import ROOT


def test_an_exam_of_fifteen_hundred_by_hand():
    found = need(1_500, Figures(bytes_per_revision=1000, log_per_save=2000))
    assert found.requests_per_second == 200  # 1,500 x 8 a minute
    assert found.busy_cores == pytest.approx(0.52)
    assert (found.web_processes, found.database_cores) == (2, 1)
    assert found.connections == 24
    assert found.opening_cores == pytest.approx(3.75)
    assert found.revisions_gb == pytest.approx(1.62)  # 1,500 x 6 x 180 saves, a kilobyte each
    assert found.log_gb == pytest.approx(3.24)
    assert found.core_hours == 15


def test_ten_times_the_contestants_need_ten_times_the_cores():
    small, large = need(15_000), need(150_000)
    assert large.busy_cores == pytest.approx(10 * small.busy_cores)
    assert large.web_processes == pytest.approx(10 * small.web_processes, abs=10)


def test_the_document_shows_the_table_and_its_figures():
    text = (ROOT / "docs" / "scaling.md").read_text()
    assert table() in text
    figures = Figures()
    for figure in (figures.bytes_per_revision, figures.log_per_save):
        assert f"x {figure} bytes" in text
    assert f"{figures.save_ms} ms" in text
