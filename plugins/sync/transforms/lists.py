"""Transforms of lists, of translated values and of references to other records."""

from collections.abc import Iterable
from typing import Any

from sync.transforms.addresses import read_domain
from sync.transforms.registry import LISTS, Codec, Example, Read, Use, one_way, same, single, transform
from sync.transforms.texts import read_text


def _sorted_unique(words: Iterable[Any]) -> list[str] | None:
    return sorted({word for word in map(read_text, words) if word}) or None


def _list_reader(separator: str) -> Read:
    def read_list(value: Any) -> list[str] | None:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return _sorted_unique(value.split(separator))
        if isinstance(value, (list, tuple)):
            return _sorted_unique(part for item in value for part in str(item).split(separator))
        raise ValueError(f"not a list: '{str(value)[:60]}'")

    return read_list


def _write_list(common: Any) -> tuple[Any, ...]:
    return (list(common) if common else [],)


@transform(
    "tags",
    common_type="list",
    salesforce_types=("text", "other"),
    salesforce_writes=("text", "other"),
    app_types=(*LISTS, "text"),
    examples=(
        Example(("vip, partner,vip",), ["partner", "vip"], (["partner", "vip"],)),
        Example((None,), None, ([],)),
    ),
)
def tags(use: Use) -> Codec:
    """Words separated by commas in a Salesforce text field, a list of tags in the app. Order and repeats do not count."""
    read_list = _list_reader(",")
    return Codec(read_list, lambda common: (", ".join(common) if common else None,), read_list, _write_list)


@transform(
    "list",
    common_type="list",
    salesforce_types=("multipicklist",),
    salesforce_writes=("multipicklist",),
    app_types=LISTS,
    examples=(Example(("Sailing;Chess",), ["Chess", "Sailing"], (["Chess", "Sailing"],)),),
)
def choices(use: Use) -> Codec:
    """A multi-select picklist in Salesforce, a list in the app. Order and repeats do not count."""
    read_list = _list_reader(";")
    return Codec(read_list, lambda common: (";".join(common) if common else None,), read_list, _write_list)


@transform(
    "domain_list",
    common_type="list",
    is_invertible=False,
    app_types=LISTS,
    examples=(Example(("https://www.nordwerk.example/de",), ["nordwerk.example"], (["nordwerk.example"],)),),
)
def domain_list(use: Use) -> Codec:
    """The domain of a web address as a list of one, as company domains want it. One-way."""

    def read_one(value: Any) -> list[str] | None:
        found = read_domain(value)
        return [found] if found else None

    return one_way(use, read_one, _list_reader(","), _write_list)


@transform(
    "values",
    common_type="text",
    argument="optional",
    argument_help="the name in the field column of values.csv, the row's own name if left out",
    examples=(Example(("Machinery",), "Machinery", ("Maschinenbau",), "values:industry"),),
)
def values(use: Use) -> Codec:
    """Values translated by values.csv; a value that is not listed stays as it is."""
    pairs = (use.values or {}).get(use.argument.casefold().rpartition(".")[2], ())
    if not pairs:
        raise ValueError(f"values.csv has no rows for '{use.argument}'; add them or name another field of it")
    to_app = dict(reversed(pairs))
    to_salesforce = {right: left for left, right in reversed(pairs)}
    if use.direction == "to_app":
        return one_way(use, _translator(to_app), read_text)
    if use.direction == "to_salesforce":
        return one_way(use, _translator(to_salesforce), read_text)
    _refuse_ambiguous(pairs)
    translate = _translator(to_app)
    return Codec(read_text, single, _translator(to_salesforce), lambda common: (translate(common),))


def _translator(table: dict[str, str]) -> Read:
    empty, other = table.get("") or None, table.get("*")

    def translate(value: Any) -> str | None:
        found = read_text(value)
        if found is None:
            return empty
        return table.get(found, found if other is None else other) or None

    return translate


def _refuse_ambiguous(pairs: tuple[tuple[str, str], ...]) -> None:
    if any("*" in pair for pair in pairs):
        raise ValueError("values.csv has a row for all other values (*), so there is no way back; give this row a direction")
    for column, side in ((0, "Salesforce"), (1, "app")):
        seen = [pair[column] for pair in pairs]
        double = next((value for value in seen if seen.count(value) > 1), None)
        if double is not None:
            cure = "keep one row or give this row a direction"
            raise ValueError(f"values.csv has the {side} value '{double[:60]}' twice, so there is no way back; {cure}")


@transform(
    "reference",
    common_type="reference",
    salesforce_types=("reference", "id"),
    app_types=("reference", "id", "integer", "text", "email", "other"),
    argument="required",
    argument_help="the entity that is referred to, or user for the owner",
    examples=(Example(("0015g00000XyZ01AAB",), "0015g00000XyZ01AAB", ("0015g00000XyZ01AAB",), "reference:account"),),
)
def reference(use: Use) -> Codec:
    """A look-up to another entity of this integration; each side keeps its own id of the linked record."""

    def read_id(value: Any) -> str | None:
        return None if value is None else str(value).strip() or None

    return same(read_id)
