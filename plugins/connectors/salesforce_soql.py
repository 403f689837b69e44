"""SOQL as text: names checked, values escaped, lists cut so that no query grows too long."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from connectors.errors import PermanentError

VALUES_LIMIT = 200  # per IN (…)
QUERY_CHARACTERS = 12_000
VALUE_CHARACTERS = 4_000  # the API's limit for one string
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")
ESCAPES = str.maketrans(
    {"\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f"}
    | {chr(code): f"\\u{code:04x}" for code in range(32) if chr(code) not in "\n\r\t\b\f"}
)
ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def select(names: Sequence[str], source: str, where: str = "") -> str:
    """Return a query for `names`, each once, whatever its case."""
    unique: dict[str, str] = {}
    for name in names:
        unique.setdefault(name.casefold(), check_name(name))
    words = ["SELECT", ", ".join(unique.values()), "FROM", check_name(source)]
    return " ".join([*words, "WHERE", where] if where else words)


def since_clause(name: str, since: datetime) -> str:
    """Return an inclusive lower bound, cut to the second: fractions in literals are not documented."""
    return f"{check_name(name)} >= {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def in_clauses(name: str, values: Sequence[str]) -> Iterator[str]:
    """Yield `name IN (…)` clauses that hold all `values`, each once; blank ones and ones too long to exist are left out."""
    chunk: list[str] = []
    size = 0
    for value in dict.fromkeys(values):
        if not value.strip() or len(value) > VALUE_CHARACTERS:
            continue
        text = quote(value)
        if chunk and (len(chunk) >= VALUES_LIMIT or size + len(text) > QUERY_CHARACTERS):
            yield _in_clause(name, chunk)
            chunk, size = [], 0
        chunk.append(text)
        size += len(text) + 1
    if chunk:
        yield _in_clause(name, chunk)


def quote(value: str) -> str:
    """Return `value` as a SOQL string."""
    return f"'{value.translate(ESCAPES)}'"


def check_name(name: str) -> str:
    """Return `name` if it can be an object or field; names come from mapping files."""
    if not NAME.fullmatch(name):
        raise PermanentError(f"{name!r} is not a Salesforce name. Correct it in the mapping or settings.")
    return name


def is_id(text: str) -> bool:
    """Tell whether `text` has the shape of a record id."""
    return bool(ID.fullmatch(text))


def long_id(id: str) -> str:
    """Return the id with its three characters of checksum, by which alone ids can be compared."""
    if len(id) != 15:
        return id
    groups = (id[0:5], id[5:10], id[10:15])
    return id + "".join(CHECKSUM[sum(1 << place for place, c in enumerate(group) if c.isupper())] for group in groups)


def _in_clause(name: str, chunk: Sequence[str]) -> str:
    return f"{check_name(name)} IN ({','.join(chunk)})"
