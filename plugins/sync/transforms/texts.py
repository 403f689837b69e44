"""Transforms of text: the default, spelling, cutting, joining."""

import re
import unicodedata
from html import unescape
from typing import Any

from sync.transforms.registry import WORDS, Codec, Example, Use, one_way, same, transform

SEPARATORS = {"comma": ", ", "space": " ", "newline": "\n", "semicolon": "; ", "dash": " - "}
_TAG = re.compile(r"<[^<>]{1,1000}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]{0,100}>", re.IGNORECASE)


def read_text(value: Any) -> str | None:
    """Return `value` as trimmed text with plain line feeds; blank is None."""
    if value is None:
        return None
    text = value if type(value) is str else _spell(value)
    if not text.isprintable():
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    text = text.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text or None


def _spell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float, str)):
        return str(value)
    raise ValueError(f"not text: a {'list' if isinstance(value, list) else type(value).__name__}")


@transform(
    "text",
    common_type="text",
    salesforce_types=WORDS,
    app_types=WORDS,
    examples=(
        Example(("  Nordwerk GmbH ",), "Nordwerk GmbH", ("Nordwerk GmbH",)),
        Example(("",), None, (None,)),
        Example(("one\r\ntwo",), "one\ntwo", ("one\ntwo",)),
    ),
)
def text(use: Use) -> Codec:
    """The default for text, e-mail, phone, web and picklist fields: blanks around it go, nothing inside changes."""
    return same(read_text)


@transform(
    "email",
    common_type="text",
    examples=(Example((" Mara.Lind@Nordwerk.example",), "mara.lind@nordwerk.example", ("mara.lind@nordwerk.example",)),),
)
def email(use: Use) -> Codec:
    """An e-mail address; capitals do not count, so it is compared and written in small letters."""
    return same(_read_lower)


@transform("phone", common_type="text", examples=(Example(("+49 431 5550100 ",), "+49 431 5550100", ("+49 431 5550100",)),))
def phone(use: Use) -> Codec:
    """A phone number as people typed it. To make both sides write it alike use `phone_e164`."""
    return same(read_text)


@transform("lower", common_type="text", examples=(Example(("ABC-Code",), "abc-code", ("abc-code",)),))
def lower(use: Use) -> Codec:
    """Text in small letters."""
    return same(_read_lower)


@transform("upper", common_type="text", examples=(Example(("de",), "DE", ("DE",)),))
def upper(use: Use) -> Codec:
    """Text in capitals."""

    def read_upper(value: Any) -> str | None:
        found = read_text(value)
        return found and found.upper()

    return same(read_upper)


@transform(
    "title_case",
    common_type="text",
    is_invertible=False,
    examples=(Example(("MARA LIND-OTTE",), "Mara Lind-Otte", ("Mara Lind-Otte",)),),
)
def title_case(use: Use) -> Codec:
    """Every word with a capital first letter, for names typed all in capitals. One-way."""

    def read_title(value: Any) -> str | None:
        found = read_text(value)
        return found and found.title()

    return one_way(use, read_title, read_text)


@transform("digits", common_type="text", examples=(Example(("DE 123.456",), "123456", ("123456",)),))
def digits(use: Use) -> Codec:
    """Only the digits of a text."""

    def read_digits(value: Any) -> str | None:
        found = read_text(value)
        return ("".join(char for char in found if char in "0123456789") or None) if found else None

    return same(read_digits)


@transform(
    "single_line",
    common_type="text",
    examples=(Example(("Hafenweg 7\r\n24103  Kiel",), "Hafenweg 7 24103 Kiel", ("Hafenweg 7 24103 Kiel",)),),
)
def single_line(use: Use) -> Codec:
    """Text on one line: line breaks and repeated blanks become one blank."""

    def read_line(value: Any) -> str | None:
        found = read_text(value)
        return found and " ".join(found.split())

    return same(read_line)


@transform(
    "plain_text",
    common_type="text",
    is_invertible=False,
    examples=(Example(("<p>Dear&nbsp;all,<br>hello</p>",), "Dear all,\nhello", ("Dear all,\nhello",)),),
)
def plain_text(use: Use) -> Codec:
    """Rich text (HTML) without its markup. One-way."""

    def read_plain(value: Any) -> str | None:
        found = read_text(value)
        return read_text(unescape(_TAG.sub("", _BREAK.sub("\n", found))).replace("\xa0", " ")) if found else None

    return one_way(use, read_plain, read_text)


@transform(
    "truncate",
    common_type="text",
    is_invertible=False,
    argument="required",
    argument_help="the number of characters to keep",
    salesforce_types=WORDS,
    app_types=WORDS,
    examples=(Example(("Nordwerk GmbH",), "Nordwerk", ("Nordwerk",), "truncate:8"),),
)
def truncate(use: Use) -> Codec:
    """The first characters of a text, for a field that is shorter. One-way."""
    if not use.argument.isdecimal() or not 0 < int(use.argument[:9]) <= 1_000_000:
        raise ValueError("write a number of characters, for example truncate:255")
    length = int(use.argument)

    def read_start(value: Any) -> str | None:
        found = read_text(value)
        return (found[:length].rstrip() or None) if found else None

    return one_way(use, read_start, read_text)


@transform(
    "constant",
    common_type="text",
    is_invertible=False,
    argument="required",
    argument_help="the text to write",
    salesforce_types=WORDS,
    app_types=WORDS,
    counts="none to one",
    examples=(Example((), "Salesforce", ("Salesforce",), "constant:Salesforce"),),
)
def constant(use: Use) -> Codec:
    """Always the same text; the cell of the side it comes from stays empty. One-way."""

    def read_constant(*_: Any) -> str:
        return use.argument

    return one_way(use, read_constant, read_text)


@transform(
    "join",
    common_type="text",
    is_invertible=False,
    argument="optional",
    argument_help="comma (default), space, newline, semicolon, dash, or the characters themselves",
    salesforce_types=WORDS,
    app_types=WORDS,
    counts="many to one",
    examples=(
        Example(("Hafenweg 7", "24103", None, "Kiel"), "Hafenweg 7, 24103, Kiel", ("Hafenweg 7, 24103, Kiel",)),
        Example(("24103", "Kiel"), "24103 Kiel", ("24103 Kiel",), "join:space"),
    ),
)
def join(use: Use) -> Codec:
    """Several fields in one text, the empty ones left out. One-way."""
    separator = SEPARATORS.get(use.argument.casefold() or "comma", use.argument)

    def read_joined(*values: Any) -> str | None:
        parts = map(read_text, values)
        return separator.join(part for part in parts if part) or None

    return one_way(use, read_joined, read_text)


@transform(
    "first_filled",
    common_type="text",
    is_invertible=False,
    counts="many to one",
    examples=(Example((None, "+49 431 5550100"), "+49 431 5550100", ("+49 431 5550100",)),),
)
def first_filled(use: Use) -> Codec:
    """The first of several fields that is not empty, for example the mobile number or else the work phone. One-way."""

    def read_first(*values: Any) -> str | None:
        return next((found for found in map(read_text, values) if found), None)

    return one_way(use, read_first, read_text)


def _read_lower(value: Any) -> str | None:
    found = read_text(value)
    return found and found.lower()
