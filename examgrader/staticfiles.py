"""How static files are served: named by their content, compressed once."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """A file's name holds its hash: a browser may keep it for ever. Imports between modules follow."""

    support_js_module_import_aggregation = True
