"""Business cards as vCard 2.1, 3.0 and 4.0 files (RFC 2426, RFC 6350), one or many in a file."""

import quopri
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NAMED = ("last_name", "first_name", "", "name_prefix", "")  # the parts of N
PLACED = ("addressee", "address_line_2", "address_line_1", "city", "", "postal_code", "country")  # the parts of ADR
PLAIN = {
    "UID": "id", "TITLE": "position", "ROLE": "role", "URL": "website", "LANG": "language", "NOTE": "notes", "PHOTO": "images",
    "X-MET-ON": "met_on", "X-MET-BY": "met_by.email", "X-GDPR": "gdpr_consent",
}  # fmt: skip
MOBILE = {"CELL", "MOBILE", "IPHONE"}
_PART = re.compile(r"(?:\\.|[^\\;])*")
_PARAM = re.compile(r';([^;:="]+)(?:=((?:"[^"]*"|[^;:"])*))?')

Card = tuple[int, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Property:
    """One content line: name without its group, the words of its parameters, the value as it stands."""

    name: str
    words: frozenset[str]
    charset: str
    value: str

    def text(self) -> str:
        """Return the value with its escapes and its quoted-printable resolved."""
        return _unescape(self._decoded())

    def parts(self) -> list[str]:
        """Return the value's parts between semicolons."""
        return [_unescape(part) for part in _split(self._decoded())]

    def _decoded(self) -> str:
        if "QUOTED-PRINTABLE" not in self.words:
            return self.value
        return quopri.decodestring(self.value.encode("utf-8", "surrogateescape")).decode(self.charset, "replace")


def read_cards(text: str, problems: list[str]) -> Iterator[Card]:
    """Yield the first line's number and the fields of each card; what is wrong goes to `problems`, each with its line."""
    begun: int | None = None
    fields: dict[str, str] = {}
    for number, line in _unfolded(text):
        found = _property(line)
        if found is None:
            problems.append(f"line {number}: no vCard line")
        elif found.name == "BEGIN":
            if begun is not None:
                problems.append(f"line {begun}: this card has no END")
            begun, fields = number, {}
        elif found.name == "END":
            if begun is not None:
                yield begun, fields
            begun = None
        elif begun is not None:
            _take(found, fields)
    if begun is not None:
        problems.append(f"line {begun}: this card has no END")


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield content lines with the number of their first line; a quoted-printable one goes on behind a final equals sign."""
    number, whole = 0, ""
    for place, line in enumerate(re.split("\r\n|\n|\r", text), 1):
        if whole.endswith("=") and "QUOTED-PRINTABLE" in whole.upper():
            whole = whole[:-1] + line
        elif whole and line[:1] in (" ", "\t"):
            whole += line[1:]
        else:
            if whole.strip():
                yield number, whole
            number, whole = place, line
    if whole.strip():
        yield number, whole


def _property(line: str) -> Property | None:
    name = re.match(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)", line)
    if name is None:
        return None
    place, words, charset = name.end(), set[str](), "utf-8"
    while match := _PARAM.match(line, place):
        place, key, value = match.end(), match[1].upper(), (match[2] or match[1]).replace('"', "")
        words |= {word.strip().upper() for word in value.split(",")}
        charset = value if key == "CHARSET" else charset
    return Property(name[1].upper(), frozenset(words), charset, line[place + 1 :]) if line[place : place + 1] == ":" else None


def _take(found: Property, fields: dict[str, str]) -> None:
    """Put what a property says into `fields`; the first of its kind counts."""
    for name, value in _said(found):
        if name and value.strip():
            fields.setdefault(name, value)


def _said(found: Property) -> Iterator[tuple[str, str]]:
    if found.name in PLAIN and not found.words & {"B", "BASE64"}:
        yield PLAIN[found.name], found.text()
    elif found.name == "N":
        yield from zip(NAMED, found.parts(), strict=False)
        yield "is_structured", "yes"
    elif found.name == "FN":
        yield "full_name", found.text()
    elif found.name == "ORG":
        yield from zip(("company", "department"), found.parts(), strict=False)
    elif found.name == "EMAIL":
        yield "email_work" if "WORK" in found.words else "email", found.text()
    elif found.name == "TEL" and "FAX" not in found.words:
        yield "phone_mobile" if found.words & MOBILE else "phone_work", found.text().removeprefix("tel:")
    elif found.name == "ADR":
        yield from zip(PLACED, found.parts(), strict=False)


def split_full_name(fields: dict[str, str]) -> None:
    """Give a card without N the names of its FN: the last word is the last name. A firm's name is nobody's."""
    whole, is_structured = fields.pop("full_name", ""), fields.pop("is_structured", "")
    if whole and not is_structured and whole != fields.get("company"):
        first, _, last = whole.rpartition(" ")
        fields |= {"first_name": first, "last_name": last}


def _split(value: str) -> Sequence[str]:
    parts, place = [], 0
    while match := _PART.match(value, place):
        parts.append(match[0])
        place = match.end() + 1
        if place > len(value):
            break
    return parts


def _unescape(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)
