"""The page for the person on call, as it is looked at: on a desk, on a phone, and on paper."""

import time
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from apps.submissions.selectors.sitting_now import PAPERS
from tests import factories
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.test_grader import PASSWORD, sign_in
from tests.submissions.conftest import edit, open_paper, pass_of, save


def test_who_is_on_call_sees_at_a_glance_what_is_wrong(open_page, live_server, look):
    get_user_model().objects.create_superuser("head", password=PASSWORD)
    now = timezone.now()
    cache.set(PAPERS.key("since"), time.time() - 600, timeout=None)
    papers = [open_paper(now) for _ in range(2)]
    save(pass_of(papers[0]), edit(number=1), edit(number=2))
    factories.TimeBlockFactory(
        exam=factories.ExamFactory(title="Autumn Round"), opens_at=now + timedelta(days=2)
    )
    cache.set(PAPERS.key(papers[0].pk), time.time())

    page = open_page(viewport=DESKTOP)
    sign_in(page, "head")
    page.get_by_role("link", name="On call: how the sitting goes").click()
    expect(page.get_by_role("heading", name="On call", level=1)).to_be_visible()
    # On a busy machine Redis may be late once, and is left alone then: the page looks again by itself.
    expect(page.get_by_text("1 contestant not heard for over 60 s.")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Hold it still").click()
    look(page, "on-call")
    page.set_viewport_size(PHONE)
    look(page, "on-call")
    page.emulate_media(media="print")
    expect(page.get_by_text("Refresh by itself")).to_be_hidden()
    page.emulate_media(media="screen")
    page.get_by_role("link", name=papers[1].registration.contestant.public_number).click()
    expect(page).to_have_url(f"{live_server.url}/console/submissions/submission/{papers[1].pk}/change/")
