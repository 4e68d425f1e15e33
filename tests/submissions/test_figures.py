"""Contestants see the figures of a paper they have started, and of no other."""

import pytest
from django.http import HttpResponse
from django.urls import reverse

from apps.access import gate
from tests import factories
from tests.submissions.conftest import open_paper

pytestmark = pytest.mark.django_db


def signed_in(client, registration, now):
    """The browser of a contestant, as the entry page leaves it."""
    response = HttpResponse()
    key = registration.contestant.keys.first() or factories.AccessKeyFactory(
        contestant=registration.contestant
    )
    gate.sign_in(response, key_id=key.pk, epoch=key.epoch, registration_id=registration.pk, now=now)
    for name, morsel in response.cookies.items():
        client.cookies[name] = morsel.value
    return client


def address_of_a_figure(exam):
    return reverse("exams:figure", args=[factories.FigureFactory(exam=exam).public_id])


def test_a_contestant_sees_the_figures_of_a_started_paper(client, real_now):
    registration = open_paper(real_now).registration
    signed_in(client, registration, real_now)
    assert client.get(address_of_a_figure(registration.exam)).status_code == 200


def test_a_contestant_who_has_not_started_sees_none(client, real_now):
    registration = factories.RegistrationFactory()
    signed_in(client, registration, real_now)
    assert client.get(address_of_a_figure(registration.exam)).status_code == 404


def test_a_contestant_sees_no_figure_of_another_exam(client, real_now):
    signed_in(client, open_paper(real_now).registration, real_now)
    assert client.get(address_of_a_figure(factories.ExamFactory())).status_code == 404


def test_a_browser_that_was_not_confirmed_sees_none(client, real_now):
    registration = open_paper(real_now).registration
    signed_in(client, registration, real_now)
    del client.cookies[gate.cookie_here_name()]
    assert client.get(address_of_a_figure(registration.exam)).status_code == 404
