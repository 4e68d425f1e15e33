"""Every column has its place in the reviewed table `personal_data.txt`, and erasing takes what it says."""

import logging
import re
import zipfile

import pytest
from django.core.cache import cache
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.grading.services.erasing import erase_contestant
from examgrader.localservices import BASE_DIR
from tests.project.personal_data import read_table
from tests.support.canaries import MARK, build_world, columns, find_in_database, marks_of

pytestmark = pytest.mark.django_db

TABLE = read_table()
# Text may stand in any of these types; numbers and times cannot hold a word.
TEXT_TYPES = ("text", "character varying", "jsonb", "json", "bytea", "uuid")


def unclassified():
    """What the database has and the table does not."""
    return {f"{table}.{column}" for table, column in columns()} - TABLE.keys()


def test_every_column_has_its_place():
    there = {f"{table}.{column}" for table, column in columns()}
    assert unclassified() == set(), "say in personal_data.txt what this is, and erase it if it is personal"
    assert TABLE.keys() - there == set(), "gone from the database"


def test_a_new_column_is_noticed():
    with connection.cursor() as cursor:
        cursor.execute("alter table access_contestant add column nickname text")
    assert unclassified() == {"access_contestant.nickname"}


def text_columns(*verdicts):
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name || '.' || column_name from information_schema.columns"
            " where table_schema = 'public' and data_type = any(%s)",
            [list(TEXT_TYPES)],
        )
        return {name for (name,) in cursor.fetchall() if TABLE[name] in verdicts}


# Columns of rows that go as a whole, whose own value is a word of ours: a label, a state, somebody's id.
WORDS_OF_OURS = {
    "access_accesskeyevent.pgh_context_id",
    "access_accesskeyevent.pgh_label",
    "access_contestantevent.pgh_context_id",
    "access_contestantevent.pgh_label",
    "access_registrationevent.pgh_context_id",
    "access_registrationevent.pgh_label",
    "submissions_answerrevision.op",
    "submissions_answerrevision.state",
    "submissions_submission.submitted_by",
}


def test_all_that_is_to_be_erased_is_planted():
    """The search below looks for something in every text column that the table calls personal."""
    world = build_world(disqualified=True)
    planted = find_in_database(marks_of(world))
    assert planted == text_columns("erased", "reset") - WORDS_OF_OURS


def test_after_erasing_no_mark_is_anywhere(now, caplog, tmp_path):
    caplog.set_level(logging.INFO)
    world = build_world(now)
    marks = marks_of(world)
    walk_as_everybody(world)
    erase_contestant(contestant_id=world.contestant.pk, reason="Asked by the parents", actor=None, now=now)
    assert find_in_database(marks) == set()
    assert marked_in_cache(marks) == []
    assert marked_in_media() == []
    assert [record for record in caplog.records if MARK in record.getMessage()] == []
    for command, path in (
        ("export_results", tmp_path / "results.csv"),
        ("export_exam", tmp_path / "exam.yaml"),
        ("export_contestant", tmp_path / "contestant.zip"),
    ):
        numbered = {"contestant": world.contestant.number} if command == "export_contestant" else {}
        call_command(command, world.exam.slug, out=path, **numbered)
        assert not any(mark.encode() in contents_of(path) for mark in marks)
    for page in pages_about(world):
        assert MARK not in page.content.decode()


def walk_as_everybody(world):
    """Whatever a page remembers of what it showed is there before the search."""
    for page in pages_about(world):
        assert page.status_code == 200


def pages_about(world):
    console = Client()
    console.force_login(world.organiser, "django.contrib.auth.backends.ModelBackend")
    addresses = [
        reverse("admin:submissions_contestant", args=[world.contestant.pk]),
        reverse("admin:access_contestant_changelist"),
        reverse("admin:submissions_submission_changelist"),
        reverse("admin:grading_exam_history", args=[world.exam.pk]),
        reverse("grading:result_list_public", args=[world.exam.slug]),
    ]
    return [console.get(address) for address in addresses]


def contents_of(path):
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def marked_in_cache(marks):
    """Keys and values in Redis that hold a mark."""
    redis = cache._cache.get_client() if hasattr(cache, "_cache") else cache.client.get_client()
    return [
        key
        for key in redis.scan_iter("*")
        if any(mark.encode() in key + (redis.get(key) or b"") for mark in marks)
    ]


def marked_in_media():
    storage = storages["default"]
    _, files = storage.listdir("") if storage.exists("") else ([], [])
    return [name for name in files if MARK.encode() in storage.open(name).read()]


@pytest.mark.parametrize("table", ["access_contestant", "grading_result"])
def test_a_word_in_a_column_that_erasing_does_not_know_is_found(now, table):
    """A control: the search fails where a later column is forgotten."""
    world = build_world(now)
    marks = marks_of(world)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table {table} add column nickname text default '{MARK}forgotten'")
    erase_contestant(contestant_id=world.contestant.pk, reason="Asked", actor=None, now=now)
    assert find_in_database(marks) == {f"{table}.nickname"}


# -- The page for those who answer for the data --------------------------------------------------------------


def test_the_data_protection_page_names_every_table_with_personal_data():
    page = (BASE_DIR / "docs" / "data-protection.md").read_text()
    named = set(re.findall(r"`(\w+_\w+)`", page.partition("## What leaves")[0]))
    personal = {name.partition(".")[0] for name, verdict in TABLE.items() if verdict in ("erased", "reset")}
    assert named == personal
