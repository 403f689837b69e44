"""What tests of erasing share: the eraser of a world, and a search through every text that our database holds."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, text

from connectors.contract import Connector
from pipeline import Pipeline
from sync.erase import Ask, Eraser
from sync.erase_person import roles_of
from sync.settings import load

COLUMNS = """
select table_schema || '.' || quote_ident(table_name), quote_ident(column_name) from information_schema.columns
where table_schema in ('sync', 'staging') and data_type in ('text', 'json', 'jsonb', 'character varying', 'ARRAY')
"""


def systems_of(*worlds: Pipeline) -> dict[str, Connector]:
    """The systems of these worlds, by the names that an operator gives them."""
    found: dict[str, Connector] = {}
    for world in worlds:
        found |= {"salesforce": world.connectors["salesforce"], world.folder.name: world.connectors["app"]}
    return found


def eraser_of(*worlds: Pipeline, **systems: Connector) -> Eraser:
    """What erases people in these worlds."""
    return Eraser(worlds[0].engine, systems_of(*worlds) | systems, roles_of(load(world.folder) for world in worlds))


def plan(eraser: Eraser, word: str) -> dict[str, Any]:
    """Ask for a plan as an operator does."""
    return eraser.plan(Ask(word, "ada", "manual-1"))


def erase(eraser: Eraser, word: str, code: str = "") -> dict[str, Any]:
    """Plan, confirm with the code, erase."""
    return eraser.erase(Ask(word, "ada", "manual-2", code or plan(eraser, word)["code"]))


def places_of(engine: Engine, *words: str) -> list[str]:
    """Every column of every table and view of ours that holds one of `words`, in any case; empty where there is none."""
    found = []
    with engine.connect() as connection:
        for table, column in connection.execute(text(COLUMNS)).all():
            query = text(f"select count(*) from {table} where lower({column}::text) like any(:words)")
            if connection.scalar(query, {"words": [f"%{word.lower()}%" for word in words]}):
                found.append(f"{table}.{column}")
    return sorted(found)


def texts_of(value: Any) -> str:
    """All that a report says, as one text."""
    if isinstance(value, Mapping):
        return " ".join(texts_of(each) for each in (*value.keys(), *value.values()))
    return " ".join(map(texts_of, value)) if isinstance(value, list | tuple) else str(value)
