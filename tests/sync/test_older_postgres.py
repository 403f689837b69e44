"""A Postgres that cannot itself say whether a text is a value of a type: our own way says the same."""

from importlib import import_module

import pytest
from sqlalchemy import Engine, text

MIGRATION = import_module("sync.migrations.versions.0014_valid_input")


@pytest.mark.feature("ALL-05")
@pytest.mark.parametrize("kind", ["numeric", "bigint", "date", "timestamptz", "boolean"])
@pytest.mark.parametrize(
    "value",
    [None, "", "1", "-1.5", "1e400000", "99999999999999999999", "2026-02-30", "2026-11-30T12:00:00Z", "yes", "it's", "'); --"],
)
def test_what_is_tried_out_and_what_postgres_says_agree(engine: Engine, value: str | None, kind: str) -> None:
    tried = MIGRATION.TRIED.replace("sync.is_valid_input", "pg_temp.tried")
    with engine.connect() as connection:
        connection.execute(text(tried.replace(":", r"\:")))
        ask = text("select sync.is_valid_input(:value, :kind), pg_temp.tried(:value, :kind)")
        said, found = connection.execute(ask, {"value": value, "kind": kind}).one()
    assert said is found
