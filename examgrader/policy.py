"""What a page of ours may load, from where, and how long browsers keep it. The settings read this."""

from urllib.parse import urlsplit
from wsgiref.headers import Headers

# Prerendered formulas carry their measures in style attributes; nothing else of ours does.
WITH_FORMULAS = {"style-src-attr": ["'unsafe-inline'"]}

YEAR = 365 * 24 * 3600
MINUTE = 60


def content_security_policy(static_url: str) -> dict[str, list[str]]:
    """Everything is ours; static files may come from a CDN's host, named by a whole address.

    No script and no style stands in a page itself, so there are no nonces. Trusted types are not asked for:
    Django's own scripts for the console and those of the API's description write HTML.
    """
    static = urlsplit(static_url)
    hosts = ["'self'"]
    if static.netloc:
        hosts.append(f"{static.scheme}://{static.netloc}")
    return {
        "default-src": ["'none'"],
        "script-src": hosts,
        "style-src": hosts,
        "font-src": hosts,
        "img-src": [*hosts, "data:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }


def of_static_files(headers: Headers, path: str, url: str) -> None:
    """Called by whitenoise, once for each file. A name with a hash stands for one content, for ever."""
    from examgrader.headers import of_every_answer  # noqa: PLC0415 - it needs the settings, which need this

    is_immutable = "immutable" in (headers["Cache-Control"] or "")
    for name, value in of_every_answer().items():
        headers[name] = value
    kept = f"max-age={YEAR}, immutable" if is_immutable else f"max-age={MINUTE}"
    headers["Cache-Control"] = f"public, {kept}"
    # They are the same for everybody, and pages of ours may have them from a CDN's host.
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
