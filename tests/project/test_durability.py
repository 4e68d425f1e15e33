"""The check that keeps "saved" true: the database waits for its disk."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

pytestmark = pytest.mark.django_db


def test_a_database_that_waits_for_its_disk_is_accepted():
    call_command("check", databases=["default"], tags=["database"])


def test_a_database_that_answers_before_its_disk_is_refused():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    with pytest.raises(SystemCheckError, match="synchronous_commit is off"):
        call_command("migrate", plan=True, verbosity=0, skip_checks=False)
