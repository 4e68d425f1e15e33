"""Static files as a deployment serves them: collected for real, asked for through the real application."""

import gzip
import json
import re
from wsgiref.util import setup_testing_defaults

import brotli
import pytest
from django.core.wsgi import get_wsgi_application

from examgrader.staticfiles import FilesFirst, say_if_not_collected
from tests.support.static_files import served_files

# Django looks after its connections at the end of each request, whatever was asked for.
pytestmark = pytest.mark.django_db(transaction=True)

FOR_EVER = "public, max-age=31536000, immutable"
# Worth compressing; the rest (fonts, images) is compressed already.
TEXTS = (".css", ".js", ".svg", ".json", ".html")


@pytest.fixture(scope="module")
def application(collected):
    with served_files(collected):
        yield FilesFirst(get_wsgi_application())


@pytest.fixture(scope="module")
def hashed(collected):
    """What templates link: by each file's own name, the name with its hash."""
    return json.loads((collected / "staticfiles.json").read_text())["paths"]


def ask(application, name, accept=""):
    environ = {"PATH_INFO": f"/static/{name}", "HTTP_ACCEPT_ENCODING": accept, "HTTP_HOST": "localhost"}
    setup_testing_defaults(environ)
    told = {}

    def start_response(status, headers):
        told.update(status=status, headers=dict(headers))

    body = application(environ, start_response)
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return told["status"], told["headers"], content


def test_there_is_something_to_serve(hashed):
    ours = {"js/paper/main.js", "css/paper.css", "vendor/katex/fonts/KaTeX_Main-Regular.woff2"}
    assert ours <= set(hashed)
    assert len(hashed) > 100


def test_every_hashed_file_is_kept_for_ever(application, hashed):
    for name in hashed.values():
        status, headers, _ = ask(application, name)
        assert status == "200 OK", name
        assert headers["Cache-Control"] == FOR_EVER, name
        # For another origin, a CDN's, in front of us.
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers
        assert "cookie" not in headers.get("Vary", "").lower()


def test_no_file_is_kept_for_ever_under_its_plain_name(application, hashed):
    for name in hashed:
        status, headers, _ = ask(application, name)
        assert status == "200 OK", name
        assert headers["Cache-Control"] == "public, max-age=60", name


def test_every_text_comes_compressed_as_the_browser_can_read_it(application, hashed, collected):
    compressed = 0
    for name in hashed.values():
        plain = (collected / name).read_bytes()
        for accept, wanted, unpack in (
            ("gzip, deflate, br", "br", brotli.decompress),
            ("gzip", "gzip", gzip.decompress),
        ):
            _, headers, content = ask(application, name, accept)
            if "Content-Encoding" not in headers:
                # Whitenoise leaves a file alone that would hardly get smaller.
                assert not name.endswith(TEXTS) or len(plain) < 2000, name
                continue
            assert headers["Content-Encoding"] == wanted, name
            assert "Accept-Encoding" in headers["Vary"]
            assert unpack(content) == plain, name
            assert len(content) < len(plain)
            compressed += 1
        assert ask(application, name)[2] == plain
    assert compressed > 100


def test_what_files_name_is_hashed_too(hashed, collected):
    """An import or a font under its plain name would be asked for again each minute."""
    names = set(hashed.values())
    found = 0
    for name in names:
        if not name.startswith(("js/", "css/", "vendor/")) or not name.endswith((".js", ".css", ".mjs")):
            continue
        text = (collected / name).read_text()
        pattern = r'url\("?([^")]+)"?\)' if name.endswith(".css") else r'(?:from|import)\s*\(?"(\.[^"]+)"'
        for target in re.findall(pattern, text):
            if target.startswith(("data:", "#")):
                continue
            assert re.search(r"\.[0-9a-f]{12}\.", target), f"{name}: {target}"
            found += 1
    assert found > 40


def test_a_server_says_that_its_files_were_not_collected(collected, tmp_path, caplog):
    with served_files(collected):
        say_if_not_collected()
    assert caplog.messages == []
    with served_files(tmp_path):
        say_if_not_collected()
    (message,) = caplog.messages
    assert f"No static files in {tmp_path}" in message
