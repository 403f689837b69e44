"""What a captured contact of Lemontaps has: the fields of the assumed contract, and how export files head them."""

from collections.abc import Mapping
from typing import NamedTuple

from connectors.contract import Field, FieldType


class Attribute(NamedTuple):
    """One field: its type, and the column headings that export files give it (compared without case and punctuation)."""

    label: str
    type: FieldType = "text"
    headings: tuple[str, ...] = ()
    is_updateable: bool = True


ATTRIBUTES: Mapping[str, Attribute] = {
    "id": Attribute("Contact ID", "id", ("ID", "Kontakt-ID"), False),
    "name_prefix": Attribute("Name prefix", "text", ("Salutation", "Title", "Namenspräfix", "Anrede", "Titel")),
    "first_name": Attribute("First name", "text", ("Given name", "Vorname")),
    "last_name": Attribute("Last name", "text", ("Surname", "Family name", "Nachname")),
    "position": Attribute("Position", "text", ("Job title",)),
    "role": Attribute("Role", "text", ("Rolle",)),
    "department": Attribute("Department", "text", ("Abteilung",)),
    "company": Attribute("Company", "text", ("Company name", "Firma", "Unternehmen")),
    "email": Attribute("Email", "email", ("E-Mail", "Email address", "E-Mail-Adresse")),
    "email_work": Attribute("Email work", "email", ("Work email", "E-Mail geschäftlich")),
    "phone_work": Attribute("Phone work", "phone", ("Work phone", "Phone", "Telefon", "Telefon geschäftlich")),
    "phone_mobile": Attribute("Phone mobile", "phone", ("Mobile", "Mobile phone", "Mobil", "Telefon mobil", "Handy")),
    "website": Attribute("Website", "url", ("Web site", "URL", "Webseite")),
    "addressee": Attribute("Addressee", "text", ("Adressat",)),
    "address_line_1": Attribute("Address line 1", "text", ("Street", "Address", "Adresszeile 1", "Straße", "Adresse")),
    "address_line_2": Attribute("Address line 2", "text", ("Adresszeile 2",)),
    "postal_code": Attribute("Zip code", "text", ("Postal code", "Zip", "Zip / postal code", "PLZ", "Postleitzahl")),
    "city": Attribute("City", "text", ("Town", "Stadt", "Ort")),
    "country": Attribute("Country", "text", ("Land",)),
    "gdpr_consent": Attribute("GDPR", "boolean", ("GDPR consent", "DSGVO")),
    "gdpr_consent_at": Attribute("GDPR consent at", "datetime"),
    "language": Attribute("Language", "text", ("Sprache",)),
    "images": Attribute("Images", "tags", ("Bilder",)),
    "notes": Attribute("Notes", "text", ("Note", "Notizen", "Notiz")),
    "met_on": Attribute("Met on", "date", ("Getroffen am",)),
    "met_by.email": Attribute("Met by", "reference", ("Getroffen von",), False),
    "met_by.name": Attribute("Met by (name)", "text", (), False),
    "met_by.id": Attribute("Met by (id)", "text", (), False),
    "exports.salesforce.status": Attribute("Export status", "text"),
    "exports.salesforce.external_id": Attribute("Export id", "text"),
    "exports.salesforce.exported_at": Attribute("Exported at", "datetime"),
    "exports.salesforce.error": Attribute("Export error", "text"),
    "created_at": Attribute("Captured at", "datetime", (), False),
    "updated_at": Attribute("Changed at", "datetime", (), False),
}
EXPORT = "exports.salesforce."
PERSONAL = tuple(
    name for name, each in ATTRIBUTES.items() if each.is_updateable and not name.startswith((EXPORT, "gdpr")) and name != "images"
)


def fields_of(can_write: bool) -> list[Field]:
    """Return the fields of a contact; nobody creates contacts but the people who capture them."""
    return [
        Field(name, each.label, each.type, is_createable=False, is_updateable=can_write and each.is_updateable)
        for name, each in ATTRIBUTES.items()
    ]


def canonical(heading: str) -> str | None:
    """Return the field that a column heading means, None for an unknown one."""
    return _BY_HEADING.get(_plain(heading))


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


_BY_HEADING = {
    _plain(heading): name for name, each in ATTRIBUTES.items() for heading in (name, each.label, *each.headings)
}  # fmt: skip
