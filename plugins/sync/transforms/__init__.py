"""The named functions of the `transform` column: each documented, with examples, and with an inverse where it can be.

A transform lives in the module of its subject and is declared by the `transform` decorator; importing it here registers it.
"""

import json
from collections.abc import Iterator
from typing import Any

from sync.files import suggest
from sync.transforms import addresses, amounts, countries, lists, names, texts, times
from sync.transforms.registry import TRANSFORMS, WRITTEN, Kind, Table, Transform, Use

__all__ = ["SUBJECTS", "TRANSFORMS", "Table", "Transform", "parse", "table_markdown"]

DEFAULT = "text"
SUBJECTS = (texts, names, addresses, countries, amounts, times, lists)


def parse(
    text: str,
    values: Table | None = None,
    *,
    name: str = "",
    direction: str = "both",
    salesforce_count: int = 1,
    app_count: int = 1,
) -> Transform:
    """Return the transform that a cell such as `values:industry` names, a blank one being `text`.

    `name` is the row's common field, the table that `values` takes by itself. Raises ValueError saying what is wrong.
    """
    word, colon, argument = text.partition(":")
    word, argument = word.strip().casefold() or DEFAULT, argument.strip()
    kind = TRANSFORMS.get(word)
    if kind is None:
        raise ValueError(f"'{word[:60]}' is no transform{suggest(word, TRANSFORMS)}; the mapping guide lists all")
    if not argument and word == "values":
        argument = name
    use = Use(argument, direction, salesforce_count, app_count, values)
    _check_use(kind, use, bool(colon))
    codec = kind.build(use)
    is_invertible = kind.is_invertible and not (word == "values" and direction != "both")
    return Transform(
        word,
        argument,
        kind.description,
        kind.common_type,
        kind.salesforce_types,
        kind.app_types,
        kind.salesforce_writes or WRITTEN[kind.common_type],
        kind.app_writes or WRITTEN[kind.common_type],
        is_invertible,
        codec,
    )


def _check_use(kind: Kind, use: Use, has_colon: bool) -> None:
    if kind.argument == "none" and (use.argument or has_colon):
        raise ValueError(f"{kind.name} takes nothing after a colon; write just {kind.name}")
    if kind.argument == "required" and not use.argument:
        raise ValueError(f"{kind.name} needs a word after a colon: {kind.argument_help}")
    if not kind.is_invertible and use.direction == "both":
        raise ValueError(f"{kind.name} has no way back; write to_app or to_salesforce in the direction column")
    _check_counts(kind, use)


def _check_counts(kind: Kind, use: Use) -> None:
    origin, target = use.salesforce_count, use.app_count
    if use.origin == "app":
        origin, target = target, origin
    if kind.counts == "none to one" and (origin, target) != (0, 1):
        raise ValueError(f"{kind.name} reads no field: leave the cell of the side it comes from empty")
    if kind.counts != "none to one" and 0 in (origin, target):
        raise ValueError("one of the two field cells is empty; fill it, or use constant:… to write a fixed value")
    if kind.counts == "one" and (origin, target) != (1, 1):
        raise ValueError(f"{kind.name} takes one field on each side; for several fields use join, first_filled or full_name")
    if kind.counts == "many to one" and not kind.is_invertible and target != 1:
        raise ValueError(f"{kind.name} writes one field; name only one on the side it writes to")


def table_markdown() -> str:
    """Return the table of all transforms for the mapping guide, one line per example."""
    head = "| write | what it does | in Salesforce | in staging | in the app |\n|---|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(line)} |\n" for name in sorted(TRANSFORMS) for line in _table_lines(TRANSFORMS[name]))


def _table_lines(kind: Kind) -> Iterator[tuple[str, ...]]:
    after_colon = f" After the colon{' (may be left out)' if kind.argument == 'optional' else ''}: {kind.argument_help}."
    about = kind.description + (after_colon if kind.argument_help else "")
    for example in kind.examples:
        yield f"`{example.cell or kind.name}`", about, _spell(example.salesforce), _spell((example.common,)), _spell(example.app)
        about = ""


def _spell(values: tuple[Any, ...]) -> str:
    texts = (json.dumps(value, ensure_ascii=False) if value is not None else "*empty*" for value in values)
    return " + ".join(text if text == "*empty*" else f"`{text}`" for text in texts) or "–"
