"""Signing contestants in, as the entry page does."""

from django.http import HttpResponse
from django.utils import timezone

from apps.access.gate import sign_in
from tests import factories


def enter(client, registration):
    """Give the test client the cookies of this registration's contestant; returns the client."""
    key = registration.contestant.keys.first() or factories.AccessKeyFactory(
        contestant=registration.contestant
    )
    response = HttpResponse()
    sign_in(response, key_id=key.pk, epoch=key.epoch, registration_id=registration.pk, now=timezone.now())
    client.cookies.update(response.cookies)
    return client
