"""The commands: data on stdout or in a private file, sentences on stderr, all or nothing."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.access.models import AccessKey, Contestant, Registration
from apps.access.rules import keys
from apps.access.services.entry import redeem_key
from tests.factories import TimeBlockFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam():
    return TimeBlockFactory(exam__slug="spring", name="Europe").exam


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("external_id,name,school\na1,Ana,Gauss School\nb2,=Bo,\n")
    return path


def run(name, *arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refused(name, *arguments):
    with pytest.raises(CommandError) as error:
        run(name, *arguments)
    return str(error.value)


def test_generate_keys_writes_csv_to_stdout_and_sentences_to_stderr(exam, now):
    out, err = run("generate_keys", "spring", "--count", 3)
    assert out.splitlines()[0] == "number,external_id,name,school,time_block,key,hint,batch"
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["number"] for row in rows] == ["0001", "0002", "0003"]
    assert {row["time_block"] for row in rows} == {"Europe"}
    batch = AccessKey.objects.first().batch_id
    assert {row["batch"] for row in rows} == {str(batch)}
    assert err == f"3 keys issued, batch {batch}.\n"
    assert len({redeem_key(typed=row["key"], now=now).key_id for row in rows}) == 3


def test_generate_keys_counts_one_key(exam):
    _, err = run("generate_keys", "spring", "--count", "1")
    assert err.startswith("1 key issued, batch ")


def test_generate_keys_for_a_roster_into_a_private_file(exam, roster, tmp_path):
    path = tmp_path / "keys.csv"
    out, err = run("generate_keys", "spring", "--roster", roster, "--out", path)
    assert out == ""
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [(row["external_id"], row["name"], row["school"]) for row in rows] == [
        ("a1", "Ana", "Gauss School"),
        ("b2", "'=Bo", ""),
    ]
    assert [keys.find_mistake(row["key"]) for row in rows] == [None, None]
    assert f"2 keys issued and written to {path}" in err


def test_generate_keys_again_leaves_out_who_has_a_key(exam, roster):
    run("generate_keys", "spring", "--roster", roster)
    assert "have a key already" in refused("generate_keys", "spring", "--roster", roster)
    roster.write_text(roster.read_text() + "c3,Cy,\n")
    out, err = run("generate_keys", "spring", "--roster", roster)
    assert [row["external_id"] for row in csv.DictReader(io.StringIO(out))] == ["c3"]
    assert "2 contestants have a key and keep it" in err


def test_generate_keys_replaces_when_asked(exam, roster):
    run("generate_keys", "spring", "--roster", roster)
    out, _ = run("generate_keys", "spring", "--roster", roster, "--replace")
    assert len(out.splitlines()) == 3
    assert (AccessKey.objects.count(), AccessKey.objects.valid().count()) == (4, 2)


def test_generate_keys_for_testers(exam):
    run("generate_keys", "spring", "--count", 1, "--tester")
    assert Registration.objects.get().tester


def test_generate_keys_never_writes_over_a_file(exam, tmp_path):
    path = tmp_path / "keys.csv"
    path.write_text("precious")
    assert "exists already" in refused("generate_keys", "spring", "--count", 1, "--out", path)
    assert path.read_text() == "precious"
    assert not Contestant.objects.exists()


def test_generate_keys_issues_none_if_they_cannot_be_written(exam, tmp_path, monkeypatch):
    missing = tmp_path / "missing" / "keys.csv"
    assert "No key was issued" in refused("generate_keys", "spring", "--count", 1, "--out", missing)

    def disk_full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    path = tmp_path / "keys.csv"
    sentence = refused("generate_keys", "spring", "--count", 1, "--out", path)
    assert sentence == f"No key was issued: {path}: No space left on device."
    assert not path.exists()
    assert not Contestant.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_generate_keys_keeps_the_file_if_the_commit_broke_off(exam, tmp_path, monkeypatch):
    def broken(connection):
        raise OperationalError("connection lost")

    path = tmp_path / "keys.csv"
    with monkeypatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "commit", broken)
        sentence = refused("generate_keys", "spring", "--count", 1, "--out", path)
    assert sentence.startswith("The database did not confirm that keys were issued.")
    assert sentence.endswith(f"{path} is kept: its keys may be valid.")
    assert len(path.read_text().splitlines()) == 2


def test_generate_keys_leaves_no_file_if_the_database_failed_before(exam, tmp_path, monkeypatch):
    def broken(*arguments, **kwargs):
        raise OperationalError("connection lost")

    monkeypatch.setattr(AccessKey.objects, "bulk_create", broken)
    path = tmp_path / "keys.csv"
    sentence = refused("generate_keys", "spring", "--count", 1, "--out", path)
    assert sentence == "The database did not confirm that keys were issued."
    assert not path.exists()


def test_generate_keys_imports_nothing_if_the_roster_is_wrong(exam, roster, tmp_path):
    roster.write_text("external_id,time_block\na1,Europe\nb2,Asia\n")
    path = tmp_path / "keys.csv"
    sentence = refused("generate_keys", "spring", "--roster", roster, "--out", path)
    assert sentence == "Row 3, column time_block: there is no time block “Asia”; it has: Europe."
    assert not path.exists()
    assert not Contestant.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["autumn", "--count", 1], "There is no exam autumn."),
        (["spring", "--count", 0], "Between 1 and 20000 keys can be issued at once."),
        (["spring", "--count", 1, "--time-block", "Asia"], "There is no time block “Asia”."),
        (["spring", "--count", 1, "--replace"], "--replace goes with --roster."),
        (["spring", "--roster", "missing.csv", "--tester"], "--tester goes with --count."),
        (["spring", "--roster", "missing.csv"], "missing.csv: No such file or directory"),
        (["spring"], "one of the arguments --count --roster is required"),
        (["spring", "--count", 1, "--roster", "x"], "not allowed with argument"),
    ],
)
def test_generate_keys_refuses(exam, arguments, sentence):
    assert sentence in refused("generate_keys", *arguments)


@pytest.mark.parametrize("arguments", [["--contestant", "0001", "3"], ["--all"], ["--batch"]])
def test_revoke_keys(exam, arguments):
    run("generate_keys", "spring", "--count", 3)
    if arguments == ["--batch"]:
        arguments.append(AccessKey.objects.first().batch_id)
    _, err = run("revoke_keys", "spring", *arguments, "--reason", "lost")
    count = 2 if "0001" in arguments else 3
    assert err == f"{count} keys revoked.\n"
    assert AccessKey.objects.exclude(revoked_at=None).count() == count


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["spring", "--contestant", 1, "--reason", " "], "Give a reason"),
        (["spring", "--contestant", 9, "--reason", "lost"], "Nobody in this exam has the number 0009."),
        (["spring", "--batch", 0, "--reason", "lost"], "no such batch"),
        (["autumn", "--all", "--reason", "lost"], "There is no exam autumn."),
        (["spring", "--reason", "lost"], "is required"),
        (["spring", "--all"], "--reason"),
    ],
)
def test_revoke_keys_refuses(exam, arguments, sentence):
    run("generate_keys", "spring", "--count", 1)
    assert sentence in refused("revoke_keys", *arguments)
    assert AccessKey.objects.valid().count() == 1


def test_import_roster(exam, roster):
    _, err = run("import_roster", "spring", roster, "--dry-run")
    assert err.startswith("Nothing was written. 2 rows: 2 new contestants")
    assert not Contestant.objects.exists()
    _, err = run("import_roster", "spring", roster)
    assert err.startswith("2 rows: 2 new contestants")
    assert Contestant.objects.count() == 2


def test_import_roster_refuses_with_the_place(exam, roster):
    roster.write_bytes(b"external_id\n\xff\n")
    assert refused("import_roster", "spring", roster) == (
        f"{roster}: Row 2: the file is not UTF-8. Save it as “CSV UTF-8”."
    )


@pytest.mark.parametrize("arguments", [["generate_keys", "spring"], ["revoke_keys", "missing", "--all"]])
def test_a_wrong_call_ends_with_a_line_on_stderr_and_no_traceback(arguments):
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=Path(settings.BASE_DIR),
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "examgrader.settings_test"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {1, 2}
    assert done.stdout == ""
    assert done.stderr
    assert "Traceback" not in done.stderr
