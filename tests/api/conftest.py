"""A client that speaks JSON and carries a token."""

import json

import pytest

from apps.access.gate import FAILURES
from apps.exams.api.base import ExpensiveCalls, StaffCalls


@pytest.fixture(autouse=True)
def _no_failures():
    """What other tests mistyped in this minute does not count."""
    FAILURES.remembered.clear()


@pytest.fixture
def call(client):
    """`call("POST", "me/start/", token, body)`: the status and the decoded body."""

    def send(method, path, token=None, body=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = client.generic(
            method,
            f"/api/v1/{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers=headers,
        )
        assert response.headers["Cache-Control"] == "no-store, private"
        if response.status_code >= 400:
            assert response.headers["Content-Type"] == "application/problem+json"
        return response.status_code, json.loads(response.content) if response.content else None

    return send


@pytest.fixture(autouse=True)
def _no_calls():
    """Nor do another test's calls."""
    for calls in (StaffCalls, ExpensiveCalls):
        calls.counter.remembered.clear()
