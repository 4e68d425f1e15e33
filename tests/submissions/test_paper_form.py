"""The paper as a form: saving without scripts."""

import re
import uuid
from datetime import timedelta

import pytest

from apps.submissions.models import Answer, AnswerRevision, Submission
from tests import factories
from tests.submissions.conftest import text_of
from tests.support.entering import enter

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])
HOUR = timedelta(hours=1)


class TestSavingWithoutScripts:
    """The paper is a real form; its saves go the same way as all others, by the database's clock."""

    @pytest.fixture
    def client(self, client, real_now):
        block = factories.TimeBlockFactory(opens_at=real_now - HOUR)
        for number in (1, 2):
            factories.ProblemFactory(exam=block.exam, number=number)
        registration = factories.RegistrationFactory(exam=block.exam, time_block=block)
        enter(client, registration).post("/exam/start/")
        return client

    def fields(self, client):
        page = client.get("/exam/paper/").content.decode()
        return dict(re.findall(r'name="((?:op|based_on)-\d|device)"\s+value="([^"]*)"', page))

    def test_saves_what_changed_and_says_so(self, client):
        response = client.post(
            "/exam/paper/", {**self.fields(client), "answer-1": "42", "answer-2": ""}, follow=True
        )
        assert "All saved" in text_of(response)
        assert Answer.objects.get(number=1).text == "42"
        assert AnswerRevision.objects.count() == 1

    def test_line_ends_are_kept_as_scripts_send_them(self, client):
        client.post("/exam/paper/", {**self.fields(client), "answer-1": "a\r\nb"})
        assert Answer.objects.get(number=1).text == "a\nb"

    def test_pressing_save_twice_keeps_it_once(self, client):
        fields = {**self.fields(client), "answer-1": "42"}
        client.post("/exam/paper/", fields)
        client.post("/exam/paper/", fields)
        assert AnswerRevision.objects.count() == 1

    def test_a_form_of_an_older_page_overwrites_nothing_and_shows_both(self, client):
        stale = {**self.fields(client), "answer-1": "stale"}
        client.post("/exam/paper/", {**self.fields(client), "answer-1": "newer"})
        response = client.post("/exam/paper/", stale)
        assert response.status_code == 409
        assert "stale" in text_of(response)
        assert Answer.objects.get(number=1).text == "newer"
        assert AnswerRevision.objects.get(state="conflict").text == "stale"

    def test_after_the_end_it_is_kept_apart_and_said_so(self, client, real_now):
        fields = {**self.fields(client), "answer-1": "late"}
        Submission.objects.update(started_at=real_now - 2 * HOUR, deadline_at=real_now - HOUR)
        response = client.post("/exam/paper/", fields)
        assert response.status_code == 403
        assert AnswerRevision.objects.get().state == "late"

    @pytest.mark.parametrize(
        "change", [{"answer-1": "x" * 20_001}, {"answer-1": "a\x00"}, {"answer-1": "x", "op-1": "?"}]
    )
    def test_what_cannot_be_saved_is_named(self, client, change):
        response = client.post("/exam/paper/", {**self.fields(client), **change})
        assert response.status_code == 422
        assert "Problem 1:" in text_of(response)
        assert not AnswerRevision.objects.exists()

    def test_a_missing_base_is_a_conflict(self, client):
        fields = self.fields(client)
        del fields["based_on-1"]
        assert client.post("/exam/paper/", {**fields, "answer-1": "x"}).status_code == 409


def test_a_client_of_its_own_saves_with_the_token_of_the_page(client, real_now):
    """CONTRACT gives a client the token and lets it name its device as it likes."""
    block = factories.TimeBlockFactory(opens_at=real_now - HOUR)
    factories.ProblemFactory(exam=block.exam, number=1)
    registration = factories.RegistrationFactory(exam=block.exam, time_block=block)
    enter(client, registration).post("/exam/start/")

    def open_paper():
        return re.search(r'data-save-token="([^"]+)"', client.get("/exam/paper/").content.decode()).group(1)

    def save(token, text, based_on):
        edit = {"op": str(uuid.uuid4()), "number": 1, "text": text, "based_on": based_on}
        response = client.post(
            "/exam/save/",
            {"device": str(uuid.uuid4()), "notices": 0, "edits": [edit]},
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        return response.json()["writer"], response.json()["edits"][0]["state"]

    first = open_paper()
    assert save(first, "41", 0) == (True, "current")
    second = open_paper()
    assert save(first, "42", 1) == (False, "conflict")
    assert save(second, "43", 1) == (True, "current")
