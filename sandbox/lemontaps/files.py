"""Export files of captured contacts, as the contact table hands them out: CSV with headings of a language, or vCards."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

HEADINGS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "id": "Contact ID", "name_prefix": "Name prefix", "first_name": "First name", "last_name": "Last name",
        "position": "Position", "role": "Role", "department": "Department", "company": "Company", "email": "Email",
        "email_work": "Email work", "phone_work": "Phone work", "phone_mobile": "Phone mobile", "website": "Website",
        "addressee": "Addressee", "address_line_1": "Address line 1", "address_line_2": "Address line 2", "postal_code": "Zip code",
        "city": "City", "country": "Country", "gdpr_consent": "GDPR", "language": "Language", "images": "Images", "notes": "Notes",
        "met_on": "Met on", "met_by": "Met by",
    },
    "de": {
        "id": "Kontakt-ID", "name_prefix": "Namenspräfix", "first_name": "Vorname", "last_name": "Nachname",
        "position": "Position", "role": "Rolle", "department": "Abteilung", "company": "Firma", "email": "E-Mail",
        "email_work": "E-Mail geschäftlich", "phone_work": "Telefon geschäftlich", "phone_mobile": "Mobil", "website": "Webseite",
        "addressee": "Adressat", "address_line_1": "Adresszeile 1", "address_line_2": "Adresszeile 2", "postal_code": "PLZ",
        "city": "Stadt", "country": "Land", "gdpr_consent": "DSGVO", "language": "Sprache", "images": "Bilder", "notes": "Notizen",
        "met_on": "Getroffen am", "met_by": "Getroffen von",
    },
}  # fmt: skip
FOLD_OCTETS = 75


def write_file(rows: Iterable[Row], format: str = "csv", language: str = "en", delimiter: str = ",", **left_out: bool) -> str:
    """Return the file's text; `id=False` leaves the column of ids out, likewise any other."""
    if format == "vcf":
        return "".join(_card(row) for row in rows)
    names = [name for name in HEADINGS[language] if left_out.get(name, True)]
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerow([HEADINGS[language][name] for name in names])
    writer.writerows([_cell(row.get(name), language) for name in names] for row in rows)
    return target.getvalue()


def _cell(value: Any, language: str) -> str:
    if isinstance(value, bool):
        return ("ja" if value else "nein") if language == "de" else ("yes" if value else "no")
    if isinstance(value, Mapping):
        return str(value.get("email") or value.get("name") or "")
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)


def _card(row: Row) -> str:
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:{row['id']}",
        f"N:{_parts(row, 'last_name', 'first_name', '', 'name_prefix', '')}",
        f"FN:{_text(' '.join(row[name] for name in ('first_name', 'last_name') if row[name]) or row['company'] or row['email'])}",
        *_lines(row, "ORG", "company", "department"),
        *_line(row, "TITLE", "position"),
        *_line(row, "ROLE", "role"),
        *_line(row, "EMAIL", "email"),
        *_line(row, "EMAIL;TYPE=WORK", "email_work"),
        *_line(row, "TEL;TYPE=WORK", "phone_work"),
        *_line(row, "TEL;TYPE=CELL", "phone_mobile"),
        *_line(row, "URL", "website"),
        *_lines(row, "ADR;TYPE=WORK", "", "address_line_2", "address_line_1", "city", "", "postal_code", "country"),
        *_line(row, "NOTE", "notes"),
        *_line(row, "X-MET-ON", "met_on"),
        *([f"X-MET-BY:{_text(_cell(row['met_by'], 'en'))}"] if row["met_by"] else []),
        *([f"X-GDPR:{_cell(row['gdpr_consent'], 'en')}"] if row["gdpr_consent"] is not None else []),
        "END:VCARD",
    ]
    return "".join(f"{fold(line)}\r\n" for line in lines)


def fold(line: str) -> str:
    """Return a line in pieces of at most 75 octets, which no character is split between."""
    pieces, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > FOLD_OCTETS:
            pieces.append("")
            size = 1
        pieces[-1] += character
        size += octets
    return "\r\n ".join(pieces)


def _line(row: Row, name: str, field: str) -> Sequence[str]:
    return [f"{name}:{_text(row[field])}"] if row[field] else []


def _lines(row: Row, name: str, *fields: str) -> Sequence[str]:
    return [f"{name}:{_parts(row, *fields)}"] if any(row.get(field) for field in fields) else []


def _parts(row: Row, *fields: str) -> str:
    return ";".join(_text(row.get(field)) for field in fields)


def _text(value: Any) -> str:
    escaped = str(value or "").replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace(",", "\\,").replace(";", "\\;")
