"""How static files are served: named by their content, compressed once."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """A file's name holds its hash: a browser may keep it for ever. Imports between modules follow."""

    support_js_module_import_aggregation = True


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
