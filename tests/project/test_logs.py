"""Logs tell what happened and quote nobody: neither keys nor answers, tokens, names or paths with codes."""

import io
import json
import logging
import re
import uuid

import pytest
from django.db import IntegrityError

from apps.access.models import AccessKey
from apps.access.services.digests import digest_of
from apps.submissions.models import Receipt
from apps.submissions.views import paper as paper_view
from examgrader import logs, request_log
from tests.submissions.conftest import open_paper

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

KEY = "ABCDEFGHJKMNPQRS"
ANSWER, LATER, NAME, WRONG = "canary-answer-7", "canary-later-8", "Canaria Secretname", "ZZZZ-CANARY-WRONG"


@pytest.fixture(params=["json", "lines"])
def form(request):
    return request.param


@pytest.fixture
def written(form):
    """Everything that any logger says, at the most talkative level, in the product's own form."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(form))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel("DEBUG")
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def paper(real_now, settings):
    paper = open_paper(real_now)
    contestant = paper.registration.contestant
    contestant.name = NAME
    contestant.save()
    AccessKey.objects.filter(contestant=contestant).update(digest=digest_of(KEY))
    return paper


def sit(client):
    """From the key to the receipt, by page and by program; returns the secrets that came up."""
    secrets = {KEY, WRONG, ANSWER, LATER, NAME, "Secretname"}
    client.post("/enter/", {"key": WRONG})
    client.post("/enter/", {"key": KEY})
    client.get("/exam/")
    page = client.get("/exam/paper/").content.decode()
    token = re.search(r'data-save-token="([^"]+)"', page)[1]
    fields = dict(re.findall(r'name="((?:op|based_on)-\d|device)"\s+value="([^"]*)"', page))
    edit = {"op": str(uuid.uuid4()), "number": 1, "text": ANSWER, "based_on": 0}
    body = {"device": fields["device"], "notices": 0, "edits": [edit]}
    bearer = {"Authorization": f"Bearer {token}"}
    for sent in (body, {**body, "edits": [{**edit, "number": 99, "op": str(uuid.uuid4())}]}):
        client.post("/exam/save/", sent, content_type="application/json", headers=bearer)
    client.post("/exam/save/", body, content_type="application/json", headers={"Authorization": "Bearer no"})
    client.post("/exam/paper/", {**fields, "answer-2": LATER})
    access = client.post("/api/v1/token/key/", {"key": KEY}, content_type="application/json").json()["access"]
    client.get("/api/v1/me/paper/", headers={"Authorization": f"Bearer {access}"})
    client.get("/api/v1/me/paper/", headers={"Authorization": f"Bearer {access[:-4]}"})
    client.post("/exam/submit/")
    client.get("/exam/receipt/")
    code = Receipt.objects.get().code
    client.get(f"/receipts/{code}/")
    client.get(f"/receipts/{code}x/")
    client.get(f"/no/such/page/{code}/")
    client.post("/console/login/", {"username": NAME, "password": ANSWER})
    secrets |= {token, access, code} | {cookie.value for cookie in client.cookies.values() if cookie.value}
    return secrets


def test_a_whole_exam_leaves_no_secret_in_the_logs(client, paper, written):
    secrets = sit(client)
    text = written.getvalue()
    assert "submissions:receipt" in text, "requests are told"
    assert "submissions:save" in text, "a save that was refused is told"
    assert [secret for secret in secrets if secret in text] == []


def test_the_test_would_see_a_secret(client, paper, written):
    """The control: one careless line is found."""
    secrets = sit(client)
    logging.getLogger("apps.somewhere").info("saved %s", ANSWER)
    assert [secret for secret in secrets if secret in written.getvalue()] == [ANSWER]


@pytest.mark.parametrize("error", [ValueError(ANSWER), IntegrityError(f"DETAIL: Failing row ({ANSWER})")])
def test_an_error_tells_its_kind_and_place_and_not_what_it_quotes(client, paper, written, monkeypatch, error):
    def fail(*_, **__):
        raise error

    client.post("/enter/", {"key": KEY})
    monkeypatch.setattr(paper_view, "paper_of", fail)
    client.raise_request_exception = False
    assert client.get("/exam/paper/").status_code == 500
    text = written.getvalue()
    assert ANSWER not in text
    assert type(error).__name__ in text
    assert "test_logs.py" in text


@pytest.mark.parametrize("form", ["json"], indirect=True)
class TestOneLine:
    def last(self, written):
        return json.loads(written.getvalue().splitlines()[-1])

    def test_a_request_is_one_line(self, client, paper, written):
        client.post("/enter/", {"key": KEY})
        response = client.get("/exam/")
        line = self.last(written)
        assert line.pop("ms") >= 0
        assert line.pop("timestamp").endswith("Z")
        assert line == {
            "event": "request",
            "route": "submissions:cover",
            "method": "GET",
            "status": 200,
            "actor": "contestant",
            "level": "info",
            "logger": "examgrader.requests",
            "request_id": response.headers["X-Request-ID"],
        }

    def test_the_kind_of_staff_is_told(self, admin_client, written):
        admin_client.get("/console/")
        assert self.last(written)["actor"] == "staff"

    def test_a_save_that_is_kept_is_not_told(self, client, paper, written):
        sit(client)
        told = [json.loads(line) for line in written.getvalue().splitlines()]
        saves = [line["status"] for line in told if line.get("route") == "submissions:save"]
        assert saves == [400, 401]

    def test_a_method_that_somebody_made_up_is_not_told(self, client, written):
        client.generic("BREW", "/")
        assert self.last(written)["method"] == "other"


@pytest.mark.parametrize(
    ("proxies", "sent", "is_taken"),
    [
        (["127.0.0.1"], "proxy-id-0123", True),
        ([], "proxy-id-0123", False),
        (["127.0.0.1"], "short", False),
        (["127.0.0.1"], "proxy-id\nforged", False),
        (["127.0.0.1"], "x" * 65, False),
    ],
)
def test_an_id_is_taken_from_our_own_proxy_only(rf, settings, proxies, sent, is_taken):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", headers={"X-Request-ID": sent})
    assert (request_log.id_of(request) == sent) is is_taken


def test_no_text_makes_a_line_of_its_own(written):
    logging.getLogger("apps.somewhere").warning('first\n{"forged": 1}\r\x1b[2J\u2028end')
    text = written.getvalue()
    assert len(text.splitlines()) == 1
    assert "\x1b[2J" not in text
