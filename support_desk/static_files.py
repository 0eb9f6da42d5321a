"""How static files are served: hashed, compressed, and our modules' imports hashed with them."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names carry a hash of the content, also inside `import` lines, so that a deploy never mixes old and new modules."""

    support_js_module_import_aggregation = True
