"""One export file of captured contacts: its contacts with lasting ids, and every line that cannot be one."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from connectors.lemontaps_csv import decode, read_lines, unknown_columns
from connectors.lemontaps_fields import ATTRIBUTES
from connectors.lemontaps_vcard import read_cards, split_full_name

TABLES = frozenset({".csv", ".tsv", ".txt"})
CARDS = frozenset({".vcf", ".vcard"})
WORKBOOKS = frozenset({".xlsx", ".xls", ".ods"})
SIZE_LIMIT = 200_000_000
YES = frozenset({"true", "yes", "ja", "1", "x", "wahr"})
NO = frozenset({"false", "no", "nein", "0", "falsch"})
_DATE = re.compile(r"(\d{1,2})([./])(\d{1,2})\2(\d{4})")
# Without an id a person is known by what hardly changes: addresses, else name, company and telephone.
WITHOUT_MAIL = ("first_name", "last_name", "company", "phone_mobile", "phone_work")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file holds: raw fields by id, and the problems, each with its line."""

    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def is_export(path: Path) -> bool:
    """Tell whether a file of this name is meant for us; half-written and hidden files are not."""
    return path.suffix.casefold() in TABLES | CARDS | WORKBOOKS and not path.name.startswith((".", "~"))


def changed_at(path: Path) -> datetime:
    """Return when the file came to be as and where it is: a file that is moved into a folder keeps its time of writing."""
    stat = path.stat()
    return datetime.fromtimestamp(max(stat.st_mtime, stat.st_ctime), UTC)


def read_file(path: Path, encoding: str = "", dates: str = "") -> Reading:
    """Read one file; nothing that stands in it raises. `dates`: "mdy" reads 3/31/2026, "dmy" 31/3/2026."""
    reading = Reading()
    try:
        if path.suffix.casefold() in WORKBOOKS:
            raise ValueError("workbooks are not read; save it as CSV UTF-8")
        if path.stat().st_size > SIZE_LIMIT:
            raise ValueError(f"it is larger than {SIZE_LIMIT // 1_000_000} MB; split it")
        text = decode(path.read_bytes(), encoding)
    except (ValueError, OSError) as error:
        reading.problems.append(str(error) if isinstance(error, ValueError) else f"it cannot be read: {error.strerror}")
        return reading
    lines: dict[str, int] = {}
    for number, cells in _cells(path, text, reading.problems):
        fields = _fields(cells, dates)
        key = _identity(fields)
        known = reading.contacts.setdefault(key, fields) if key else None
        if known is None:
            reading.problems.append(f"line {number}: neither a name, an address nor a telephone number")
        elif known != fields:
            reading.problems.append(
                f"line {number}: by its id or address this is the contact of line {lines[key]}, but it differs"
            )
        lines.setdefault(key, number)
    return reading


def _cells(path: Path, text: str, problems: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    if path.suffix.casefold() in TABLES:
        if unknown := unknown_columns(text):
            log.warning("%s: columns without a meaning here: %s", path.name, ", ".join(unknown)[:200])
        yield from read_lines(text, problems)
        return
    before = len(problems)
    is_empty = True
    for number, fields in read_cards(text, problems):
        is_empty = False
        split_full_name(fields)
        yield number, fields
    if is_empty and len(problems) == before:
        problems.append("line 1: no vCard begins here")


def _fields(cells: dict[str, str], dates: str) -> dict[str, Any]:
    """Return the fields of a contact as the interface would give them; those that a file lacks are empty."""
    fields: dict[str, Any] = {name: cells.get(name, "").strip() or None for name in ATTRIBUTES}
    fields["gdpr_consent"] = _flag(fields["gdpr_consent"])
    fields["images"] = (fields["images"] or "").split()
    fields["met_on"] = _day(fields["met_on"], dates)
    met_by = fields["met_by.email"]
    return fields | {"met_by.name": None if met_by is None or "@" in met_by else met_by}


def _flag(text: str | None) -> bool | None:
    word = (text or "").casefold()
    return True if word in YES else (False if word in NO else None)


def _day(text: str | None, dates: str) -> str | None:
    """Return a day as ISO 8601; a slash may mean month or day first, so it is read only where `dates` says how."""
    match = _DATE.fullmatch(text or "")
    if match is None or (match[2] == "/" and not dates):
        return text
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    day, month = (second, first) if match[2] == "/" and dates == "mdy" else (first, second)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return text


def _identity(fields: dict[str, Any]) -> str:
    """Return the id of a contact; none where nothing is known of anybody, such as in the rest of a line that was torn apart."""
    email = fields["email_work"] or fields["email"]
    known = [fields[name] for name in WITHOUT_MAIL]
    if not email and not any(known):
        return ""
    if fields["id"]:
        return str(fields["id"])
    return _digest("mail", email) if email else _digest("card", " ".join(each or "" for each in known))


def _digest(kind: str, text: str) -> str:
    return f"{kind}_{blake2b(' '.join(text.casefold().split()).encode(), digest_size=10).hexdigest()}"
