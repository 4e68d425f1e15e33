"""The product as it is served: files collected, hashed and compressed, through all of our middleware."""

from contextlib import contextmanager

from django.core.management import call_command
from django.test import override_settings
from django.test.testcases import LiveServerThread

from examgrader.policy import content_security_policy
from examgrader.staticfiles import FilesFirst


def served_files(folder, static_url="/static/"):
    """The settings of the product about static files, in place of those of the tests."""
    return override_settings(
        STATIC_URL=static_url,
        STATIC_ROOT=str(folder),
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
            "staticfiles": {"BACKEND": "examgrader.staticfiles.HashedFiles"},
        },
        CONTENT_SECURITY_POLICY={"DIRECTIVES": content_security_policy(static_url)},
        WHITENOISE_AUTOREFRESH=False,
        WHITENOISE_USE_FINDERS=False,
    )


def collect_files(folder):
    with served_files(folder):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


@contextmanager
def served():
    """A server on a free port of this machine; yields its origin."""
    # Instead of the wrapper that Django's own test server puts around, which would serve files its own way.
    server = LiveServerThread("127.0.0.1", FilesFirst)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.terminate()
