"""The settings as they come out of an environment. A copy is read, so that no `.env` of yours has a say."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured

from examgrader import localservices, settings

ROOT = localservices.BASE_DIR
SECRETS = {
    name: f"{name.lower()}-0123456789abcdefghijklmnopqrstuvwxyz-0123456789" for name in localservices.SECRETS
}
COMPLETE = {**SECRETS, "DATABASE_URL": "postgresql://someone:secret@db.invalid/examgrader"}


@pytest.fixture
def read(tmp_path):
    """Read the settings under an environment that holds nothing else; `env_file` is the text of `.env`."""
    (tmp_path / "examgrader").mkdir()
    copy = shutil.copy(settings.__file__, tmp_path / "examgrader" / "settings.py")

    def read(environment, env_file=""):
        (tmp_path / ".env").write_text(env_file)
        with mock.patch.dict(os.environ, environment, clear=True):
            return runpy.run_path(copy)

    return read


@pytest.mark.parametrize("missing", SECRETS)
def test_the_product_does_not_start_without_a_secret(read, missing):
    environment = {name: value for name, value in COMPLETE.items() if name != missing}
    with pytest.raises(ImproperlyConfigured, match=f"Set {missing}"):
        read(environment)


def test_the_product_does_not_start_without_a_database(read):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        read(SECRETS)


def test_commands_say_what_is_missing(tmp_path):
    """The same refusal as an operator meets it, in a process of its own."""
    shutil.copy(ROOT / "manage.py", tmp_path)
    shutil.copytree(ROOT / "examgrader", tmp_path / "examgrader")
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": COMPLETE["DATABASE_URL"]}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("examgrader: Set SECRET_KEY")
    assert done.stderr.count("\n") == 1


def test_debugging_needs_no_secrets(read):
    assert read({"DATABASE_URL": COMPLETE["DATABASE_URL"], "DEBUG": "true"})["SECRET_KEY"]


def test_plain_http_sends_cookies_back_over_plain_http(read):
    found = read({**COMPLETE, "PORT": "8017"})
    assert found["PUBLIC_URL"] == "http://localhost:8017"
    assert found["SESSION_COOKIE_NAME"] == "console"
    assert not found["SESSION_COOKIE_SECURE"]
    assert not found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_SECONDS"] == 0


def test_https_binds_cookies_to_the_host(read):
    found = read({**COMPLETE, "PUBLIC_URL": "https://exams.example.org/"})
    assert found["PUBLIC_URL"] == "https://exams.example.org"
    assert found["CONTESTANT_COOKIE_NAME"] == "__Host-contestant"
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SECURE_SSL_REDIRECT"]
    assert "exams.example.org" in found["ALLOWED_HOSTS"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://exams.example.org"]


def test_a_pod_answers_by_its_own_address(read):
    found = read({**COMPLETE, "PUBLIC_URL": "https://exams.example.org/", "OWN_HOST": "10.1.2.3"})
    assert {"exams.example.org", "10.1.2.3"} <= set(found["ALLOWED_HOSTS"])


def test_the_env_file_is_read_and_the_environment_wins(read):
    found = read({**COMPLETE, "PORT": "8017"}, env_file="PORT=8018\nLOG_LEVEL=WARNING\n")
    assert found["PORT"] == 8017
    assert found["LOGGING"]["root"]["level"] == "WARNING"


def test_patience_joins_what_the_database_url_asks(read):
    url = f"{COMPLETE['DATABASE_URL']}?sslmode=require&options=-c%20search_path%3Dexam"
    found = read({**COMPLETE, "DATABASE_URL": url, "DATABASE_PATIENCE": "-c lock_timeout=2000"})
    for database in found["DATABASES"].values():
        assert database["OPTIONS"]["options"].startswith("-c search_path=exam -c lock_timeout=2000")
        assert database["OPTIONS"]["sslmode"] == "require"


def test_the_cache_is_in_the_process_without_redis(read):
    assert "locmem" in read(COMPLETE)["CACHES"]["default"]["BACKEND"]
    assert "redis" in read({**COMPLETE, "REDIS_URL": "redis://cache/1"})["CACHES"]["default"]["BACKEND"]


def test_mail_goes_where_email_url_says(read):
    found = read({**COMPLETE, "EMAIL_URL": "smtp+tls://me:secret@mail.example.org:587"})
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == (
        "mail.example.org",
        587,
        True,
    )


def test_the_example_names_every_variable_and_no_other():
    """.env.example is the operators' list: it must neither miss a variable nor invent one."""
    readers = [
        ROOT / "examgrader" / name for name in ("settings.py", "gunicorn.conf.py", "demo.py", "logs.py")
    ]
    code = "".join(path.read_text() for path in readers)
    read_here = set(
        re.findall(r'(?:env\.\w+|secret|environ(?:\.get|\.setdefault)?)[(\[]\s*"([A-Z_]+)"', code)
    )
    read_here |= set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    listed = set(re.findall(r"^#?\s?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert listed == read_here


@pytest.mark.parametrize("commented", [False, True])
def test_the_settings_start_from_the_example(read, commented):
    """As it is, and with every commented example switched on."""
    example = (ROOT / ".env.example").read_text()
    if commented:
        example = re.sub(r"^# ?([A-Z_]+=)", r"\1", example, flags=re.MULTILINE)
    filled = re.sub(r"^([A-Z_]+)=$", r"\1=filled-in-0123456789", example, flags=re.MULTILINE)
    found = read({"PATH": os.environ["PATH"]}, env_file=filled)
    assert found["PUBLIC_URL"].startswith("http")
    assert found["DATABASES"]["default"]["HOST"] is not None


def test_static_files_may_come_from_a_cdn_by_one_setting(read):
    found = read({**COMPLETE, "STATIC_URL": "https://cdn.example.org/static/"})
    policy = found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    opened = {name for name, sources in policy.items() if "https://cdn.example.org" in sources}
    assert opened == {"script-src", "style-src", "font-src", "img-src"}
    assert found["STATIC_URL"] == "https://cdn.example.org/static/"


def test_without_a_cdn_the_policy_names_no_host(read):
    policy = read(COMPLETE)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert {source for sources in policy.values() for source in sources} == {"'self'", "'none'", "data:"}
