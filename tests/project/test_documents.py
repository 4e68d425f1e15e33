"""What documents name is there: files, commands with their options, constraints; and the example works."""

import argparse
import re
import shlex
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.management import call_command, get_commands, load_command_class

from examgrader import api_urls
from examgrader.localservices import BASE_DIR as ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
# Folders that a path in a document may begin with. Those of an app are also named without `apps/`.
TOP = ("apps", "benchmarks", "deploy", "docs", "examgrader", "scripts", "static", "templates", "tests")
APPS = ("access", "core", "exams", "grading", "submissions")
PATH = re.compile(rf"`((?:{'|'.join((*TOP, *APPS))})/[\w./*-]*)`")
CODE = re.compile(r"```\w*\n(?P<block>.*?)```|`(?P<inline>[^`]+)`", re.DOTALL)
COMMAND = re.compile(r"manage\.py ([a-z_]+)((?: [^\n`&|>#]*)?)")
# Made when it runs, or in a place of the reader's own.
MADE = ("deploy/proxy/certs",)
# What PostgreSQL names by itself.
POSTGRES = ("_pkey", "_key")


def named(path):
    return str(path.relative_to(ROOT))


def paths_in(text: str) -> Iterator[str]:
    yield from PATH.findall(text)


def is_there(path: str) -> bool:
    return path.startswith(MADE) or any(any(ROOT.glob(f"{top}{path.rstrip('/')}")) for top in ("", "apps/"))


def commands_in(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each `manage.py NAME …` in code, with its arguments; a line that ends in a backslash goes on."""
    for code in CODE.finditer(text):
        written = (code["block"] or code["inline"]).replace("\\\n", " ")
        for name, arguments in COMMAND.findall(written):
            yield name, shlex.split(arguments.replace("…", ""))


def fault_of(name: str, arguments: list[str]) -> str:
    """What is wrong with a command as a document gives it; blank: nothing."""
    if name not in get_commands():
        return f"there is no command {name}"
    # Sentences name a command alone; what is given with arguments is meant to be typed.
    if not arguments:
        return ""
    app = get_commands()[name]
    command = app if not isinstance(app, str) else load_command_class(app, name)
    parser = command.create_parser("manage.py", name)
    try:
        argparse.ArgumentParser.parse_args(parser, arguments)
    except (SystemExit, Exception) as error:  # noqa: BLE001 - argparse says it in either way
        return f"{name} {shlex.join(arguments)}: {error}"
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_paths_in_documents_exist(document):
    assert [path for path in paths_in(document.read_text()) if not is_there(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_commands_in_documents_can_be_typed(document):
    faults = (fault_of(*command) for command in commands_in(document.read_text()))
    assert [fault for fault in faults if fault] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_constraints_in_documents_exist(document):
    """A name in code that begins like one of our tables is a table or one of its constraints or indexes."""
    known = set()
    for model in apps.get_models():
        known.add(model._meta.db_table)
        known.update(rule.name for rule in (*model._meta.constraints, *model._meta.indexes))
    prefixes = tuple(f"{app}_{model}" for app in APPS if app != "core" for model in models_of(app))
    said = re.findall(r"`([a-z]+_[a-z_]+)`", document.read_text())
    assert [
        name
        for name in said
        if name.startswith(prefixes) and not name.endswith(POSTGRES) and name not in known
    ] == []


def models_of(app: str) -> list[str]:
    return [model._meta.model_name for model in apps.get_app_config(app).get_models()]


def test_every_call_of_the_api_is_in_its_guide():
    guide = (ROOT / "docs" / "api.md").read_text()
    calls = {unnamed(str(entry.pattern), "<>") for entry in api_urls.urlpatterns}
    told = {unnamed(call, "{}") for call in re.findall(r"`(?:[A-Z]+ )?([a-z][\w{}/-]*/)`", guide)}
    assert calls - told == set()
    assert {call for call in told if call.startswith(("me/", "exams/", "grading/", "token/"))} <= calls


def unnamed(route: str, brackets: str) -> str:
    """`exams/{}/` for `exams/<int:exam_id>/` and for `exams/{id}/`."""
    first, last = map(re.escape, brackets)
    return re.sub(f"{first}[^/]*{last}", "{}", route)


def test_drift_is_found():
    """The control: what is not there is told."""
    assert not is_there("apps/exams/rules/phase_rules.py")
    assert not is_there("grading/services/marking.py")
    assert is_there("grading/services/scoring.py")
    assert is_there("apps/*/models/")
    assert list(commands_in("`manage.py publish_results x --withdraw`")) == [
        ("publish_results", ["x", "--withdraw"])
    ]
    assert fault_of("publish_results", ["x", "--withdraw"]) == ""
    assert fault_of("publish_results", ["x", "--unpublish"])
    assert fault_of("generate_keys", ["x", "--count", "many"])
    assert fault_of("grade_all", [])


@pytest.mark.django_db
def test_the_example_exam_and_roster_can_be_imported(tmp_path):
    call_command("import_exam", str(ROOT / "docs/example/spring-2027.yaml"))
    call_command("import_roster", "spring-2027", str(ROOT / "docs/example/contestants.csv"))
    call_command(
        "generate_keys",
        "spring-2027",
        roster=ROOT / "docs/example/contestants.csv",
        out=tmp_path / "keys.csv",
    )
    assert len((tmp_path / "keys.csv").read_text().splitlines()) == 6
