"""Static files in a real browser: fetched ahead by the waiting room, and from a CDN's host."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from apps.access.models import Registration
from apps.exams.models import TimeBlock
from tests.journeys.paper_page import Contestant
from tests.journeys.stage import issue_keys, set_exam
from tests.support.static_files import served, served_files

FONTS_ALL = 20


@pytest.fixture
def registration(transactional_db):
    exam = set_exam(opens_in=3600)
    issue_keys(exam)
    return Registration.objects.get(exam=exam)


def test_the_paper_opens_without_a_single_file_from_the_network(open_page, collected, registration):
    with served_files(collected), served() as origin:
        page = open_page(base_url=origin)
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        over_network, from_cache, in_memory = set(), set(), set()

        def responded(event):
            url = event["response"]["url"]
            if "/static/" in url:
                cached = event["response"].get("fromDiskCache") or event["response"].get("fromPrefetchCache")
                (from_cache if cached or event["requestId"] in in_memory else over_network).add(url)

        client.on("Network.responseReceived", responded)
        client.on("Network.requestServedFromCache", lambda event: in_memory.add(event["requestId"]))
        Contestant(page, origin, registration).sign_in()
        page.goto("/exam/")
        expect(page.get_by_test_id("timer")).to_be_visible()
        page.wait_for_load_state("networkidle")
        fetched = {urlsplit(url).path for url in over_network}
        assert len([path for path in fetched if path.endswith(".woff2")]) == FONTS_ALL
        assert "prime" not in page.content()
        over_network.clear()
        from_cache.clear()
        TimeBlock.objects.update(opens_at=datetime.now(tz=UTC) - timedelta(seconds=1))
        page.evaluate("document.querySelector('#start').submit()")
        page.wait_for_url("**/exam/paper/")
        expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
        page.evaluate("document.fonts.ready.then(() => null)")
        page.wait_for_load_state("networkidle")
        assert over_network == set()
        assert len(from_cache) > 20


def test_a_cdn_in_front_needs_one_setting(open_page, collected, registration):
    """Modules, styles and fonts from another origin; the policy of the page lets in exactly that one."""
    TimeBlock.objects.update(opens_at=datetime.now(tz=UTC) - timedelta(seconds=1))
    with (
        served_files(collected),
        served() as cdn,
        served_files(collected, f"{cdn}/static/"),
        served() as origin,
    ):
        page = open_page(base_url=origin)
        asked, failed, fonts = set(), [], set()
        page.on("request", lambda request: asked.add(request.url))
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.on("response", lambda response: fonts.add(response.status) if ".woff2" in response.url else None)
        Contestant(page, origin, registration).sign_in()
        page.goto("/exam/")
        page.wait_for_load_state("networkidle")
        page.get_by_test_id("start").click()
        page.wait_for_url("**/exam/paper/")
        expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
        page.get_by_test_id("answer-2").fill("-7")
        expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
        page.evaluate("document.fonts.ready.then(() => null)")
        files = {url for url in asked if "/static/" in url}
        assert {url.split("/static/")[0] for url in files} == {cdn}
        assert all(url.startswith((origin, cdn, "data:")) for url in asked)
        assert any(url.endswith(".js") for url in files)
        assert fonts == {200}
        assert failed == []
