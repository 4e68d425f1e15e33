"""Somebody of the staff, signed in, who looks at pages of the console. (Needs Django's settings.)"""

import secrets
from collections.abc import Sequence
from datetime import datetime

import aiohttp
from django import db
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from apps.grading.management.rehearsal.line import Reply
from apps.grading.models import GradingTask
from apps.grading.services.queueing import create_grading_tasks


def first_task(exam_id: int, number: int, now: datetime) -> int:
    """Queue what was handed in; one answer to this problem, to be graded."""
    db.connections.close_all()
    create_grading_tasks(exam_id=exam_id, now=now)
    tasks = GradingTask.objects.filter(exam_id=exam_id, problem__number=number).exclude(answer__text="")
    return tasks.values_list("pk", flat=True)[0]


def changelists() -> list[str]:
    """The addresses of all lists that the console has."""
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # noqa: SLF001
        for model in admin.site._registry  # noqa: SLF001
    ]


def sign_in() -> str:
    """The cookie of somebody who may do everything; made anew each time."""
    user = get_user_model().objects.create_superuser(f"chaos-{secrets.token_hex(4)}")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


async def read(url: str, paths: Sequence[str]) -> list[Reply]:
    from asgiref.sync import sync_to_async  # noqa: PLC0415

    headers = {"Cookie": await sync_to_async(sign_in)()}
    pages = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in paths:
            async with session.get(f"{url}{path}", allow_redirects=False) as response:
                pages.append(Reply(response.status, await response.text(), response.headers))
    return pages
