"""Validate: Great Expectations checks the typed staging views inside Postgres; what fails becomes a rejection with every reason.

Required fields, formats, lengths, allowed values, uniqueness, and how many rows there are. Good records go on; past the limit of
the settings the run stops before any write.
"""

import logging
import os
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, text

from connectors.errors import TooManyRejectedError, shorten
from sync.batch import FINISHED, Batch, close_batch, note_counts
from sync.rejections import Rejection, reason, reject, withdraw
from sync.schemas import stored_fields
from sync.settings import EntitySettings, Side
from sync.staging import view_name

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation

SIDES: tuple[Side, Side] = ("salesforce", "app")
EMAIL = r"^[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>().]+$"
DRIFT_SHARE = 0.5  # a whole read must show at least this share of the live links
log = logging.getLogger(__name__)
Found = dict[str, list[dict[str, str]]]  # record id → reasons


def validate(batch: Batch) -> dict[str, Any]:
    """Set the verdict of every mapped record; return counts per entity. Raises TooManyRejectedError past the limit."""
    with batch.engine.begin() as connection:
        _reset(connection, batch)
    found = {entity.name: {side: _check(batch, entity, side) for side in SIDES} for entity in batch.entities()}
    counts: dict[str, Any] = {}
    with batch.engine.begin() as connection:
        for entity in batch.entities():
            rejections = [
                Rejection(entity.name, side, record_id, "validate", reasons)
                for side in SIDES
                for record_id, reasons in found[entity.name][side].items()
            ]
            _mark(connection, batch, rejections)
            reject(connection, batch, rejections)
            counts[entity.name] = _verdicts(connection, batch, entity)
        note_counts(connection, batch, "validate", counts)
    _stop_past_limit(batch, counts)
    return counts


def _reset(connection: Any, batch: Batch) -> None:
    """Take back an earlier try: every record is valid but those that map rejected."""
    withdraw(connection, batch, "validate")
    connection.execute(
        text(
            "update staging.record r set verdict = 'valid' where r.batch_id = :id and r.batch_day = :day and r.verdict <> 'valid'"
            " and not exists (select 1 from sync.rejection j where j.integration_id = r.integration_id and j.entity = r.entity"
            " and j.side = r.side and j.record_id = r.record_id and j.last_batch_id = r.batch_id and j.stage = 'map'"
            " and j.closed_at is null)"
        ),
        {"id": batch.id, "day": batch.day},
    )


def _check(batch: Batch, entity: EntitySettings, side: Side) -> Found:
    """Run the expectations on one entity of one side; return the reasons by record id."""
    other: Side = "app" if side == "salesforce" else "salesforce"
    where = f"batch_id = {int(batch.id)} and side = '{side}' and not is_deleted"
    with batch.engine.connect() as connection:
        count = connection.scalar(text(f"select count(*) from {view_name(batch, entity.name)} where {where}")) or 0
        minimum = _expected_rows(connection, batch, entity, side)
    if not count and not minimum:
        return {}
    any_of = entity.require_any.get(f"to_{other}", ()) if batch.is_open(entity, other) else ()
    one_of = ", ".join(f'"{name}"::text' for name in any_of)
    is_linked = (
        f"select 'linked' from sync.link l where l.integration_id = {int(batch.integration_id)} and l.entity = '{entity.name}'"
        f" and l.{side}_id = v.record_id and l.state = 'live'"
    )
    extra = f", coalesce({one_of}, ({is_linked})) as lockstep_any" if any_of else ""
    query = f"select *{extra} from {view_name(batch, entity.name)} v where {where}"
    checks = _expectations(batch, entity, side, any_of)
    if minimum:
        checks.append(_row_count(minimum))
    found: Found = defaultdict(list)
    for result in _run(batch.engine, query, checks, count):
        config = result["expectation_config"]
        if config["type"] == "expect_table_row_count_to_be_between":
            _stop_on_drift(batch, entity, side, result["result"]["observed_value"], minimum)
        for row in result["result"].get("unexpected_index_list") or []:
            found[row["record_id"]].append(_reason(config, any_of))
    return found


def _expectations(batch: Batch, entity: EntitySettings, side: Side, any_of: tuple[str, ...]) -> list["Expectation"]:
    from great_expectations import expectations as gxe

    other: Side = "app" if side == "salesforce" else "salesforce"
    rows = batch.integration.mappings[entity.name].rows
    fields = stored_fields(batch, entity, other)
    checks: list[Expectation] = [gxe.ExpectColumnValuesToBeUnique(column="record_id")]
    for row in rows:
        is_sent = batch.is_open(entity, other) and row.writes_to(other)
        if batch.is_open(entity, other) and row.is_required_for(other) and row.default is None:
            checks.append(gxe.ExpectColumnValuesToNotBeNull(column=row.name))
        if row.transform.name == "email":
            checks.append(gxe.ExpectColumnValuesToMatchRegex(column=row.name, regex=EMAIL))
        target = fields.get(row.fields(other)[0]) if len(row.fields(other)) == 1 else None
        if target and is_sent and target.length and row.transform.common_type == "text":
            checks.append(gxe.ExpectColumnValueLengthsToBeBetween(column=row.name, max_value=target.length))
        if target and is_sent and target.is_restricted and target.options and row.transform.name == "text":
            checks.append(gxe.ExpectColumnValuesToBeInSet(column=row.name, value_set=list(target.options)))
    if any_of:
        checks.append(gxe.ExpectColumnValuesToNotBeNull(column="lockstep_any"))
    return checks


def _row_count(minimum: int) -> "Expectation":
    from great_expectations import expectations as gxe

    return gxe.ExpectTableRowCountToBeBetween(min_value=minimum)


def _run(engine: Engine, query: str, checks: list["Expectation"], count: int) -> list[Mapping[str, Any]]:
    """Run the checks on the `count` rows of `query`; one result per check that failed, with all failing ids.

    All checks are counted first, which takes few queries; only those that failed are asked for their rows.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.validator.v1_validator import Validator

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_postgres("lockstep", connection_string=_gx_url(engine), create_temp_table=True)
    definition = source.add_query_asset("records", query=query).add_batch_definition_whole_table("all")
    validator = Validator(definition, result_format="BOOLEAN_ONLY")  # one for both rounds: it keeps the table of the rows
    try:
        failed = _failed(validator, checks)
        if failed:
            validator.result_format = _all_rows(count)
            failed = _failed(validator, [result.expectation_config.to_domain_obj() for result in failed])
    finally:
        source.get_execution_engine().close()
        source.get_execution_engine().engine.dispose()
        source.get_engine().dispose()
    return [result.to_json_dict() for result in failed]


def _failed(validator: Any, checks: list["Expectation"]) -> list[Any]:
    """The results of the checks that failed. Raises RuntimeError when one could not be run."""
    import great_expectations as gx

    results = validator.validate_expectation_suite(gx.ExpectationSuite("checks", expectations=checks)).results
    broken = [result.exception_info for result in results if result.exception_info.get("raised_exception")]
    if broken:
        raise RuntimeError(f"a data-quality check could not run: {shorten(str(broken[0]), 500)}")
    return [result for result in results if not result.success]


def _all_rows(count: int) -> dict[str, Any]:
    """Ask for every failing id: in SQL even a complete result stops at the partial count, which is 20 by default."""
    return {
        "result_format": "COMPLETE",
        "partial_unexpected_count": count,
        "unexpected_index_column_names": ["record_id"],
        "return_unexpected_index_query": False,
    }


def _gx_url(engine: Engine) -> str:
    """Great Expectations insists on a host in the URL, also where Postgres listens on a socket only."""
    url = engine.url
    return (url if url.host else url.set(host="localhost")).render_as_string(hide_password=False)


def _reason(config: Mapping[str, Any], any_of: tuple[str, ...]) -> dict[str, str]:
    kind, kwargs = config["type"], config["kwargs"]
    column = kwargs["column"]
    if column == "lockstep_any":
        return reason(" / ".join(any_of), "required", f"one of {', '.join(any_of)} is required and all are empty")
    longest = f"is longer than the {kwargs.get('max_value')} characters that the other side takes"
    words = {
        "expect_column_values_to_not_be_null": ("required", "is required and empty"),
        "expect_column_values_to_match_regex": ("format", "is not an e-mail address"),
        "expect_column_value_lengths_to_be_between": ("too_long", longest),
        "expect_column_values_to_be_in_set": ("not_allowed", "is not among the values that the other side takes"),
        "expect_column_values_to_be_unique": ("not_unique", "came more than once"),
    }  # fmt: skip
    code, said = words[kind]
    return reason(column, code, f"{column} {said}")


def _mark(connection: Any, batch: Batch, rejections: list[Rejection]) -> None:
    if rejections:
        connection.execute(
            text(
                "update staging.record set verdict = 'rejected' where batch_id = :id and batch_day = :day and entity = :entity"
                " and side = :side and record_id = :record_id"
            ),
            [
                {"id": batch.id, "day": batch.day, "entity": r.entity, "side": r.side, "record_id": r.record_id}
                for r in rejections
            ],
        )


def _verdicts(connection: Any, batch: Batch, entity: EntitySettings) -> dict[str, int]:
    query = text(
        "select verdict, count(*) from staging.record where batch_id = :id and batch_day = :day and entity = :entity group by 1"
    )
    rows = connection.execute(query, {"id": batch.id, "day": batch.day, "entity": entity.name})
    return {"valid": 0, "rejected": 0} | {row.verdict: row[1] for row in rows}


def _expected_rows(connection: Any, batch: Batch, entity: EntitySettings, side: Side) -> int:
    """The fewest rows a whole read of this side may show, 0 where the read was not whole."""
    query = text(
        "select case when (select (reads->:entity->:side->>'is_full')::boolean from sync.batch where id = :id) then"
        " (select count(*) from sync.link where integration_id = :integration_id and entity = :entity and state = 'live') else 0 end"
    )
    values = {"entity": entity.name, "side": side, "id": batch.id, "integration_id": batch.integration_id}
    return int((connection.scalar(query, values) or 0) * DRIFT_SHARE)


def _stop_on_drift(batch: Batch, entity: EntitySettings, side: Side, seen: int, minimum: int) -> None:
    raise TooManyRejectedError(
        f"{batch.name} {entity.name}: {side} showed {seen} records where at least {minimum} were expected from the live links;"
        " nothing was written. Check the rights of the integration user and whether the right org or account is connected."
    )


def _standing(batch: Batch, entity: str) -> int:
    """How many of the rejected records wait since a run that finished: they stop no later one."""
    query = text(
        "select count(*) from staging.record r join sync.rejection j on j.integration_id = r.integration_id and j.entity = r.entity"
        " and j.side = r.side and j.record_id = r.record_id and j.closed_at is null join sync.batch b on b.id = j.first_batch_id"
        " where r.batch_id = :id and r.batch_day = :day and r.entity = :entity and r.verdict = 'rejected' and b.state = any(:finished)"
    )
    values = {"id": batch.id, "day": batch.day, "entity": entity, "finished": list(FINISHED)}
    with batch.engine.connect() as connection:
        return int(connection.scalar(query, values) or 0)


def _stop_past_limit(batch: Batch, counts: Mapping[str, Mapping[str, int]]) -> None:
    settings = batch.integration.settings
    over = []
    for name, count in counts.items():
        rejected = count["rejected"] - _standing(batch, name)
        total = count["valid"] + rejected
        if rejected > settings.rejected_minimum and rejected > settings.rejected_share * total:
            over.append(f"{name}: {rejected} of {total}")
    if over:
        with batch.engine.begin() as connection:
            close_batch(connection, batch, "failed")
        raise TooManyRejectedError(
            f"{batch.name}: too many records failed the checks ({'; '.join(over)}); nothing was written. Look at sync.rejection,"
            " mend the records or the mapping, or raise rejection_limit in settings.yaml, then clear the extract task."
        )
