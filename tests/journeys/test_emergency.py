"""No network when time is up: the words leave as a file, and an organiser finds them with the paper."""

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from apps.exams.enums import StaffRole
from tests import factories
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.paper_page import PROOF
from tests.journeys.test_grader import PASSWORD, sign_in
from tests.journeys.test_saving_client_end import lose_the_network_at_the_end, move_deadline


@pytest.fixture
def handed_over(contestant, look, tmp_path):
    """The file, and the page that made it: it was offline for its last words."""
    paper = contestant.open_paper()
    paper.writes("in time")
    paper.sees("saved")
    with contestant.held_saves() as held:
        lose_the_network_at_the_end(contestant, paper, held)
        paper.shows("time-up-offline", "Keep this page open and call your proctor.")
        expect(paper.page.get_by_test_id("save-state")).to_have_text("Not sent yet. Do not close this page.")
        look(paper.page, "emergency-offered")
        with paper.page.expect_download() as download:
            paper.page.get_by_role("button", name="Save them to a file").click()
        expect(paper.notice("time-up-offline")).to_contain_text("keep this page open until you may leave")
        look(paper.page, "emergency-saved")
        paper.page.set_viewport_size(PHONE)
        look(paper.page, "emergency-saved")
        for route in held:
            route.abort()
        held.clear()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        move_deadline(contestant.submission, seconds_left=-600)  # so that the grace is over too
        yield path, paper
    paper.sees("closed")


def test_a_proctor_brings_in_what_had_no_network(handed_over, contestant, open_page, look):
    path, paper = handed_over
    number = contestant.registration.contestant.public_number
    assert path.name == f"contestant-{number}.examgrader"
    assert b"no way out" not in path.read_bytes()
    user = get_user_model().objects.create_user("galois", password=PASSWORD, is_staff=True)
    factories.ExamStaffFactory(user=user, exam=contestant.registration.exam, role=StaffRole.PROCTOR)
    page = open_page(viewport=DESKTOP)
    sign_in(page, "galois")
    page.goto("/console/submissions/submission/")
    page.get_by_role("link", name="Bring in emergency files").click()
    look(page, "console-emergency")
    page.get_by_label("Emergency files").set_input_files([path, __file__])
    page.get_by_role("button", name="Bring them in").click()
    expect(page.get_by_text("This is not an emergency file")).to_be_visible()
    expect(page.get_by_text("1 text kept apart.")).to_be_visible()
    look(page, "console-emergency-done")
    page.set_viewport_size(PHONE)
    look(page, "console-emergency-done")
    page.get_by_role("link", name=f"Contestant {number}").click()
    expect(page.get_by_text("no way out at all")).to_be_visible()
    assert paper.revisions()[-1] == ("no way out at all", "late")
    assert contestant.submission.answers.get(number=PROOF).text == "no way out"
