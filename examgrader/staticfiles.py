"""How static files are served: named by their content, compressed once, and before Django is asked."""

import logging
from typing import Any
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.storage import staticfiles_storage
from whitenoise import WhiteNoise
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

logger = logging.getLogger(__name__)


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """A file's name holds its hash: a browser may keep it for ever. Imports between modules follow."""

    support_js_module_import_aggregation = True

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.addresses: dict[str, str] = {}

    def url(self, name: str, force: bool = False) -> str:  # noqa: FBT001, FBT002
        """The address of a file, found once: a page has up to fifty, and what was collected stays."""
        if settings.DEBUG or force:
            return super().url(name, force)  # type: ignore[no-any-return]
        if name not in self.addresses:
            self.addresses[name] = super().url(name)
        return self.addresses[name]


class FilesFirst(WhiteNoiseMiddleware):  # type: ignore[misc]
    """A WSGI application around another one, which is asked for everything that is no static file.

    Whitenoise's middleware knows our settings but is asked by Django, whose part costs eight times as much as
    the file's, and a browser that comes for the first time asks for some fifty. So it is asked directly.
    """

    __call__ = WhiteNoise.__call__
    serve = staticmethod(WhiteNoise.serve)

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__()
        self.application = application


class CollectedFiles(StaticFilesConfig):
    """Without what packages bring and no page of ours loads, which would take most of the time."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "rest_framework",
        "redoc",
        "*.js.map",
        "*.txt",
        "LICEN?E",
        "VERSION",
    ]


def say_if_not_collected() -> None:
    """Without them every page fails, over the address of its style sheet: the log says why before that."""
    if not settings.DEBUG and not getattr(staticfiles_storage, "hashed_files", None):
        logger.critical(
            "No static files in %s: no page can be served. Run manage.py collectstatic, then start again.",
            settings.STATIC_ROOT,
        )
