"""The rules of companies: unique names, domains, permanent deletion that unlinks contacts."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.freshdesk import checks
from sandbox.freshdesk.contacts import merged
from sandbox.freshdesk.desk import DOMAINS, Desk, Row
from sandbox.freshdesk.errors import UNIQUE, Problem, not_found, problem, refuse_if, strike
from sandbox.freshdesk.shapes import CUSTOM, pack

DROPDOWNS = ("health_score", "account_tier", "industry")
CHECKS: Mapping[str, checks.Check] = {
    "name": checks.text(), "description": checks.text(checks.LONG_TEXT_LIMIT),
    "note": checks.text(checks.LONG_TEXT_LIMIT),
    "domains": checks.each(checks.domain), "renewal_date": checks.day, "lookup_parameter": checks.text(),
}  # fmt: skip


def create(desk: Desk, given: Mapping[str, Any]) -> Row:
    """Check and create a company; returns it as stored."""
    given = _tidy(given)
    _check(desk, given, has_old=False)
    now = desk.now()
    record = pack(given)
    _check_result(desk, record, given)
    strike(desk, record["name"])
    return _written(desk, record | {"id": desk.new_id("companies"), "created_at": now, "updated_at": now})


def update(desk: Desk, key: int, given: Mapping[str, Any]) -> Row:
    """Check and apply a partial update; returns the company as stored."""
    old = found(desk, key)
    given = _tidy(given)
    _check(desk, given, has_old=True)
    record = merged(old, given, keeps_custom=desk.switch("keep_custom_fields"))
    _check_result(desk, record, given)
    strike(desk, str(key))
    return _written(desk, record | {"updated_at": desk.now()})


def found(desk: Desk, key: int) -> Row:
    """Return the company or answer that there is none."""
    record = desk.get("companies", key)
    if record is None:
        raise not_found()
    return record


def delete(desk: Desk, key: int) -> None:
    """Delete a company for good; its contacts stay, without it."""
    found(desk, key)
    stamp = {"updated_at": desk.now()} if desk.switch("unlink_moves_stamp") else {}
    for contact in desk.store.find("contacts", "company_id", key):
        record = desk.store.table("contacts")[contact]
        desk.put("contacts", {name: value for name, value in record.items() if name != "company_id"} | stamp)
    desk.remove("companies", key)


def _tidy(given: Mapping[str, Any]) -> dict[str, Any]:
    tidy = dict(given)
    if isinstance(tidy.get("name"), str):
        tidy["name"] = tidy["name"].strip()
    return tidy


def _check(desk: Desk, given: Mapping[str, Any], has_old: bool) -> None:
    plain = {name: value for name, value in given.items() if name != "custom_fields"}
    definitions = desk.fields("company_fields")
    problems = [] if has_old or "name" in given else [problem("name", "missing_field", "It should be a/an String")]
    if not given.get("name", "-"):
        problems.append(problem("name", "invalid_value", "It should not be blank"))
    dropdowns = {field["name"]: checks.field_check(field) for field in definitions if field["name"] in DROPDOWNS}
    problems += checks.check_all(plain, {**CHECKS, **dropdowns})
    if "custom_fields" in given:
        custom = [field for field in definitions if not field["default"]]
        problems += checks.check_custom(given["custom_fields"], custom)
    refuse_if(problems)


def _check_result(desk: Desk, record: dict[str, Any], given: Mapping[str, Any]) -> None:
    if len(record.get("renewal_date", "")) == 10:
        record["renewal_date"] += "T00:00:00Z"
    refuse_if(checks.check_required(record, desk.fields("company_fields")))
    refuse_if(list(_duplicates(desk, record, given)), desk.switch("duplicate_status"))


def _duplicates(desk: Desk, record: Row, given: Mapping[str, Any]) -> Iterator[Problem]:
    own = record.get("id")
    unique = {field["name"]: CUSTOM + field["name"] for field in desk.fields("company_fields") if field.get("unique")}
    for field, stored in {"name": "name", **unique}.items():
        if stored in record and any(key != own for key in desk.store.find("companies", stored, record[stored])):
            yield problem(field, "duplicate_value", UNIQUE)
    for domain in given.get("domains") or () if desk.switch("domain_unique") else ():
        holder = desk.store.get(DOMAINS, domain.lower())
        if holder is not None and holder["id"] != own:
            yield problem("domains", "duplicate_value", UNIQUE)


def _written(desk: Desk, record: Row) -> Row:
    desk.put("companies", record)
    desk.store.calls.records_written += 1
    return record
