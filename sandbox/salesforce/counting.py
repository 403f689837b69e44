"""Of which kind a request is: a read, a write, a login or something else."""

import re

import msgspec

from sandbox.calls import Call, CallKind

_VERSION = re.compile(r"^/services/data/v[\d.]+", re.IGNORECASE)
_ID = re.compile(r"/[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?(?=/|$)")
_LOCATOR = re.compile(r"(/query(?:All)?)/[^/]+$")
_KEY = re.compile(r"^(/sobjects/\w+/\w+)/[^/]+$")


def classify(method: str, path: str, body: bytes) -> Call:
    """Return kind and label of a request; the label has neither version, ids nor key values."""
    if path.startswith(("/services/oauth2", "/services/Soap")):
        return Call("auth", f"{method} {path}")
    if not _VERSION.match(path) or path.rstrip("/") == "/services/data":
        return Call("other", f"{method} {path}")
    rest = _VERSION.sub("", path).rstrip("/")
    label = _KEY.sub(r"\1/{key}", _LOCATOR.sub(r"\1/{locator}", _ID.sub("/{id}", rest)))
    return Call(_kind(method, rest, body), f"{method} {label}")


def _kind(method: str, path: str, body: bytes) -> CallKind:
    if method in ("GET", "HEAD") or path.startswith("/jobs/query"):
        return "read"
    if method == "POST" and re.match(r"/composite/sobjects/\w+$", path):
        return "read"
    if method == "POST" and path == "/composite":
        return "read" if _only_reads(body) else "write"
    return "write"


def _only_reads(body: bytes) -> bool:
    try:
        parts = msgspec.json.decode(body).get("compositeRequest", [])
        return all(part.get("method", "").upper() == "GET" for part in parts)
    except (msgspec.DecodeError, AttributeError):
        return False
