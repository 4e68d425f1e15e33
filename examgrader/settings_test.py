"""The product's settings, with what tests need: known secrets, plain static files, cheap passwords."""

import os

for name in ("SECRET_KEY", "ACCESS_KEY_PEPPER", "RECEIPT_SIGNING_KEY", "JWT_SIGNING_KEY"):
    os.environ[name] = f"test-{name}-0123456789abcdefghijklmnopqrstuvwxyz"
os.environ["PUBLIC_URL"] = "http://localhost:8000"
os.environ.setdefault("DATABASE_URL", "postgresql://postgres@/examgrader")  # static checks read no database

from examgrader.settings import *  # noqa: F403, E402

METRICS_FROM = []  # tests come from this machine, and mostly as somebody else
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Never there: the files that an earlier `make demo` collected would be served instead of today's.
STATIC_ROOT = str(BASE_DIR / "var" / "not-collected")  # noqa: F405
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True

# Each process of a parallel run has a database of its own (pytest-django), and one of Redis: emptying the
# cache between tests must not empty another's.
worker_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
CACHES["default"]["LOCATION"] = REDIS_URL.replace("db=0", f"db={worker_number + 1}")  # noqa: F405
