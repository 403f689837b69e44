"""Transforms of countries: names in English or German and two-letter codes are one thing."""

import csv
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sync.transforms.registry import Codec, Example, Use, same, single, transform
from sync.transforms.texts import read_text

LANGUAGES = ("english", "german")
OTHER_NAMES = {
    "usa": "US", "unitedstatesofamerica": "US", "vereinigtestaatenvonamerika": "US", "america": "US",
    "uk": "GB", "greatbritain": "GB", "england": "GB", "grossbritannien": "GB", "brd": "DE", "federalrepublicofgermany": "DE",
    "bundesrepublikdeutschland": "DE", "holland": "NL", "thenetherlands": "NL", "czechrepublic": "CZ",
    "tschechischerepublik": "CZ", "russianfederation": "RU", "korea": "KR", "republicofkorea": "KR", "vietnam": "VN",
    "turkiye": "TR", "uae": "AE", "swaziland": "SZ", "macedonia": "MK",
}  # fmt: skip


@cache
def _names() -> dict[str, tuple[str, str]]:
    with (Path(__file__).parent / "countries.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: (row["english"], row["german"]) for row in csv.DictReader(file)}


@cache
def _codes() -> dict[str, str]:
    written = {_letters(name): code for code, names in _names().items() for name in (code, *names)}
    return {**OTHER_NAMES, **written}


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", "and"))
    return "".join(char for char in plain if char.isalpha())


def read_country(value: Any) -> str | None:
    """Return the two-letter code of a country given by code or name. Raises ValueError for an unknown one."""
    found = read_text(value)
    if found is None:
        return None
    code = _codes().get(_letters(found))
    if code is None:
        raise ValueError(f"not a country known here: '{found[:60]}'")
    return code


def _name_in(language: str) -> Callable[[str | None], str | None]:
    word = language.casefold() or LANGUAGES[0]
    if word not in LANGUAGES:
        raise ValueError(f"'{language[:20]}' is not a language known here; write english or german")
    place = LANGUAGES.index(word)
    return lambda code: _names()[code][place] if code in _names() else None


@transform(
    "country_iso2",
    common_type="text",
    argument="optional",
    argument_help="the language of the names written to Salesforce: english (default) or german",
    examples=(
        Example(("Germany",), "DE", ("DE",)),
        Example(("Österreich",), "AT", ("AT",), "country_iso2:german"),
    ),
)
def country_iso2(use: Use) -> Codec:
    """A country that Salesforce keeps by name and the app by two-letter code. Names are read in English and German."""
    name_of = _name_in(use.argument)
    return Codec(read_country, lambda code: (name_of(code),), read_country, single)


@transform(
    "country_name",
    common_type="text",
    argument="optional",
    argument_help="the language of the names: english (default) or german",
    examples=(Example(("Italien",), "Italy", ("Italy",)), Example(("IT",), "Italien", ("Italien",), "country_name:german")),
)
def country_name(use: Use) -> Codec:
    """A country by name on both sides, whatever spelling it is read in."""
    name_of = _name_in(use.argument)
    return same(lambda value: name_of(read_country(value)))
