"""Figures are served to those who may see their exam's statements, and to nobody else."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import override_settings
from django.urls import reverse

from apps.exams import views
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def figure():
    return factories.FigureFactory(digest="a" * 64)


@pytest.fixture
def address(figure):
    return reverse("exams:figure", args=[figure.public_id])


def test_figure_is_hidden_from_strangers(client, address):
    assert client.get(address).status_code == 404


def test_figure_is_hidden_from_staff_of_other_exams(client, address):
    client.force_login(factories.ExamStaffFactory().user)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("role", ["organiser", "grader", "observer"])
def test_figure_is_shown_to_the_exams_staff(client, figure, address, role):
    client.force_login(factories.ExamStaffFactory(exam=figure.exam, role=role).user)
    response = client.get(address)
    assert response.content == bytes(figure.content)
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-cache"


def test_figure_is_not_sent_again_when_it_did_not_change(admin_client, address):
    etag = admin_client.get(address)["ETag"]
    response = admin_client.get(address, headers={"if-none-match": etag})
    assert (response.status_code, response.content) == (304, b"")


def test_figure_that_is_missing_looks_like_a_hidden_one(admin_client, address):
    other = reverse("exams:figure", args=["00000000-0000-0000-0000-000000000000"])
    assert admin_client.get(other).status_code == 404
    assert admin_client.post(address).status_code == 405


def let_in(request, exam_id):
    """A gate of another app."""
    return isinstance(request.user, AnonymousUser) and exam_id > 0


def test_figure_asks_every_gate_of_the_settings(client, address):
    gates = ["apps.exams.gate.staff_may_see", "tests.exams.test_figures.let_in"]
    try:
        with override_settings(FIGURE_GUARDS=gates):
            views._guards.cache_clear()
            assert client.get(address).status_code == 200
    finally:
        views._guards.cache_clear()
