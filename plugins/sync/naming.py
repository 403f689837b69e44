"""Names for common fields: SQL columns that need no quotes, each different, whatever the order of the rows."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import chain

NAME_LENGTH = 60
FIXED_COLUMNS = ("id", "side", "batch_id", "digest", "modified_at", "verdict")
SQL_WORDS = (
    "all", "and", "any", "array", "as", "asc", "both", "case", "cast", "check", "column", "create", "default", "desc",
    "distinct", "do", "else", "end", "except", "false", "fetch", "for", "from", "grant", "group", "having", "in", "into",
    "limit", "not", "null", "offset", "on", "only", "or", "order", "primary", "references", "select", "some", "table",
    "then", "to", "true", "union", "unique", "user", "using", "when", "where", "window", "with",
)  # fmt: skip
_WORD_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

Fields = tuple[tuple[str, ...], tuple[str, ...]]  # Salesforce fields, app fields


def name_rows(fields: Sequence[Fields]) -> list[str]:
    """Return one common field name per row: the app field's last part, or that and the Salesforce field where two clash.

    A row that joins several fields of the app in one of Salesforce is named by that one.
    """
    names = [""] * len(fields)
    taken: set[str] = set()
    for number in sorted(range(len(fields)), key=lambda n: (_depth(fields[n]), fields[n][1], fields[n][0])):
        salesforce_fields, app_fields = fields[number]
        is_joined = len(app_fields) != 1 and len(salesforce_fields) == 1
        short = snake_case(salesforce_fields if is_joined else [part.rpartition(".")[2] for part in app_fields])
        long = snake_case([short, *salesforce_fields])
        numbered = (f"{long[: NAME_LENGTH - 5]}_{n}" for n in range(2, len(fields) + 3))
        names[number] = next(name for name in chain((short, long), numbered) if name not in taken)
        taken.add(names[number])
    return names


def _depth(fields: Fields) -> int:
    return sum(name.count(".") for name in fields[1])


def snake_case(words: Iterable[str]) -> str:
    """Return the words as one SQL column name that needs no quotes."""
    text = "_".join(word.removesuffix("__c") for word in words).replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", _WORD_EDGE.sub("_", plain).casefold()).strip("_")
    if not name or not name[0].isalpha():
        name = f"field_{name}"
    if name in FIXED_COLUMNS or name in SQL_WORDS:
        name = f"{name}_field"
    return name[:NAME_LENGTH].strip("_")
