"""What an HTTP answer says, and how an address is shown to people."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests import Response

from connectors.errors import shorten

FIRST_UNIX_TIME = 1e9  # what is larger is a moment, not a number of seconds


def server_time(response: Response) -> datetime:
    """Return the server's own clock (Date header) as aware UTC, this machine's where the header is missing."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC)


def asked_at(response: Response) -> datetime:
    """Return the server's clock when it was asked, in whole seconds: whatever it took to answer, what was changed before is in the answer."""
    return (server_time(response) - response.elapsed).replace(microsecond=0)


def retry_after_seconds(response: Response) -> float | None:
    """Return the server's wish, given in seconds or as a date, else when its allowance starts anew; None where it says neither."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return _reset_seconds(response)
    if text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        wished = parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
    return max(0.0, (wished - server_time(response)).total_seconds())


def _reset_seconds(response: Response) -> float | None:
    """Read `X-RateLimit-Reset`: `432 seconds`, a number of seconds, or a moment in Unix time."""
    first = next(iter(response.headers.get("X-RateLimit-Reset", "").split()), "")
    if not first.isdigit():
        return None
    number = float(first)
    return number if number < FIRST_UNIX_TIME else max(0.0, number - server_time(response).timestamp())


def as_object(value: Any) -> Mapping[str, Any]:
    """Return `value` if it is a JSON object, else an empty one: what refuses us may say it in any shape."""
    return value if isinstance(value, Mapping) else {}


def objects_in(value: Any) -> list[Mapping[str, Any]]:
    """Return the JSON objects in a list, none where it is no list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def object_of(response: Response) -> Mapping[str, Any]:
    """Return the JSON object in the body of a refusal, an empty one where it holds anything else."""
    try:
        return as_object(response.json())
    except ValueError:
        return {}


def words_of(response: Response) -> str:
    """Return the API's own words about an error, shortened; empty where the body says nothing."""
    try:
        body = response.json()
    except ValueError:
        return ""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return ""
    parts = [first.get(key) for key in ("errorCode", "code", "error", "message", "description", "error_description")]
    return shorten(" ".join(str(part) for part in parts if part))


def is_page(response: Response) -> bool:
    """Tell whether the body is a web page (or another markup)."""
    return response.content.lstrip()[:1] == b"<"


def is_json(response: Response) -> bool:
    """Tell whether the body can be read."""
    try:
        response.json()
    except ValueError:
        return False
    return True


def redact(url: str) -> str:
    """Return host and path, the names of query parameters without their values, no path part that looks like e-mail."""
    parts = urlsplit(url)
    path = "/".join("…" if "@" in part or "%40" in part else part for part in parts.path.split("/"))
    keys = "&".join(key for key, _ in parse_qsl(parts.query, keep_blank_values=True))
    return f"{parts.hostname}{path}{'?' if keys else ''}{keys}"


def is_loopback(address: str) -> bool:
    """Tell whether an address such as `http://127.0.0.1:8000` stays on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
