"""A real Chromium on the real pages.

Without Chromium the journeys are skipped, loudly; with CI set in the environment that is a failure.
"""

import os
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test.utils import override_settings
from playwright.sync_api import sync_playwright

from tests.journeys.paper_page import signed_in, start_paper

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "No Chromium: the journeys did not run. Install it (Debian: apt-get install chromium)."
# Flags that keep the browser from calling out, and let it run as root in a container.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 740}
SLOWEST_STEP_MS = 15_000
LAST_WORDS_MS = 3_000  # for what is under way when a test ends
PICTURES = os.environ.get("PICTURES")  # a folder that gets a picture of every page a journey looks at


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.journey)
        # The saves' own connections do not see an open transaction: everything is committed, then flushed.
        item.add_marker(pytest.mark.django_db(transaction=True, databases=["default", "saves"]))
        if CHROMIUM is None and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason=MISSING))


# Not for the session: Playwright runs an event loop in this thread, and later tests run their own.
@pytest.fixture(scope="package")
def chromium():
    if CHROMIUM is None:
        pytest.fail(MISSING)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Django would refuse the database because of that loop.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints():
    """What the browser complained about so far; a test ends with none."""
    return []


@pytest.fixture
def open_page(chromium, live_server, complaints):
    """Open a page in a browser of its own: `open_page(viewport=PHONE, java_script_enabled=False, …)`.

    Every error in the page's scripts, and every refusal by its content security policy, fails the test.
    Without `beacons` a page sends nothing as it is closed, when the tables are about to be emptied.
    """
    contexts = []
    under_way = set()
    with override_settings(ALLOWED_HOSTS=["*"]):

        def new_page(*, beacons=False, **options):
            options = {"viewport": DESKTOP, "base_url": live_server.url, "locale": "en-GB"} | options
            context = chromium.new_context(**options)
            context.set_default_timeout(SLOWEST_STEP_MS)
            if not beacons:
                context.add_init_script("Navigator.prototype.sendBeacon = () => true")
            contexts.append(context)
            note_requests(context, under_way)
            page = context.new_page()
            watch(page, complaints)
            context.on("page", lambda opened: watch(opened, complaints))
            return page

        yield new_page
        for context in contexts:
            # What is under way would meet the emptying of the tables, and each wait for the other.
            for _ in range(LAST_WORDS_MS // 20):
                if not under_way:
                    break
                context.pages[0].wait_for_timeout(20)
            context.close()
    assert complaints == []


def note_requests(context, under_way):
    """Keep the set of requests that are under way."""

    def ended(request):
        under_way.discard(request)

    def sent(request):
        under_way.add(request)

    context.on("request", sent)
    context.on("requestfinished", ended)
    context.on("requestfailed", ended)


def watch(page, complaints):
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{page.url}: {message.text}")
            if "Content Security Policy" in message.text
            else None
        ),
    )


@pytest.fixture
def page(open_page):
    """One page at the width of a desk."""
    return open_page()


@pytest.fixture
def submission(transactional_db):
    """A started paper with one problem of each kind."""
    return start_paper()


@pytest.fixture
def contestant(page, live_server, submission):
    """Signed in at one browser, with a started paper."""
    return signed_in(page, live_server, submission.registration)


@pytest.fixture
def look(complaints):
    """Look at a page: axe finds nothing, and nothing lies beside the screen. `look(page, "cover")`."""

    def check(page, name):
        before = len(complaints)
        # A click waits for the answer's first bytes only, and half a page has no heading yet.
        page.wait_for_load_state("load")
        page.evaluate("document.fonts.ready.then(() => null)")
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            width = page.viewport_size["width"]
            page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)
        found = Axe().run(page)
        hidden = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        # Looking puts style elements of its own into the page, which the policy refuses.
        del complaints[before:]
        assert hidden <= 0, f"{name}: {hidden} pixels of the page lie beside the screen"
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"

    return check
