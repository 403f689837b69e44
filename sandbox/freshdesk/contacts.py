"""The rules of contacts: what may be written, what must be unique, what a write leaves behind."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.freshdesk import checks
from sandbox.freshdesk.desk import ADDRESSES, DOMAINS, Desk, Row
from sandbox.freshdesk.errors import UNIQUE, Problem, invalid, not_allowed, not_found, problem, refuse_if, strike
from sandbox.freshdesk.shapes import CUSTOM, pack
from sandbox.freshdesk.words import LANGUAGES, TIME_ZONES

IDENTIFIERS = ("email", "mobile", "phone", "twitter_id", "unique_external_id")
STRIPPED = ("name", "email", "phone", "mobile", "twitter_id", "unique_external_id", "job_title")
OTHER_COMPANY = {"company_id": checks.integer, "view_all_tickets": checks.boolean}


def _other_company(value: Any) -> checks.Fault:
    if not isinstance(value, dict) or "company_id" not in value:
        return checks.wrong_type(value, "key/value pair")
    found = checks.check_all(value, OTHER_COMPANY)
    return (found[0]["code"], found[0]["message"]) if found else None


CHECKS: Mapping[str, checks.Check] = {
    "name": checks.text(), "email": checks.email, "phone": checks.text(), "mobile": checks.text(),
    "twitter_id": checks.text(),
    "unique_external_id": checks.text(), "other_emails": checks.each(checks.email, checks.OTHER_EMAILS_LIMIT),
    "company_id": checks.integer, "view_all_tickets": checks.boolean, "other_companies": checks.each(_other_company),
    "address": checks.text(checks.LONG_TEXT_LIMIT), "description": checks.text(checks.LONG_TEXT_LIMIT),
    "job_title": checks.text(), "language": checks.one_of(LANGUAGES), "time_zone": checks.one_of(TIME_ZONES),
    "tags": checks.each(checks.text(checks.TAG_LIMIT)), "lookup_parameter": checks.text(),
    "social_handler": checks.each(checks.typed(dict, "key/value pair")),
}  # fmt: skip


def create(desk: Desk, given: Mapping[str, Any]) -> Row:
    """Check and create a contact; returns it as stored."""
    given = _tidy(desk, given)
    _check(desk, given)
    record = _linked(desk, pack(given))
    _check_result(desk, record, given)
    now = desk.now()
    record |= {"id": desk.new_id("contacts"), "created_at": now, "updated_at": now}
    strike(desk, record.get("email"))
    return _written(desk, record)


def update(desk: Desk, key: int, given: Mapping[str, Any]) -> Row:
    """Check and apply a partial update; returns the contact as stored."""
    old = writable(desk, key, "PUT")
    given = _tidy(desk, given)
    _check(desk, given, has_old=True)
    record = merged(old, given, keeps_custom=desk.switch("keep_custom_fields")) | {"updated_at": desk.now()}
    record = _linked(desk, record) if given.get("email") else record
    _check_result(desk, record, given)
    strike(desk, str(key))
    return _written(desk, record)


def merged(old: Row, given: Mapping[str, Any], keeps_custom: bool = True) -> dict[str, Any]:
    """Return `old` with the given fields on top; null and empty clear, arrays replace."""
    cleared = {key for key in given if key != "custom_fields"}
    custom = given.get("custom_fields")
    if custom is not None:
        cleared |= {CUSTOM + name for name in custom}
        cleared |= set() if keeps_custom else {key for key in old if key.startswith(CUSTOM)}
    return {key: value for key, value in old.items() if key not in cleared} | pack(given)


def _written(desk: Desk, record: Row) -> Row:
    desk.put("contacts", record)
    desk.store.calls.records_written += 1
    return record


def writable(desk: Desk, key: int, method: str) -> Row:
    """Return the contact if it may be written: neither deleted nor blocked."""
    record = desk.get("contacts", key)
    if record is None:
        raise not_found()
    if record.get("deleted") or record.get("blocked"):
        raise not_allowed(method, ["GET"])
    return record


def _tidy(desk: Desk, given: Mapping[str, Any]) -> dict[str, Any]:
    tidy = {name: value.strip() if name in STRIPPED and isinstance(value, str) else value for name, value in given.items()}
    return _lowered(tidy) if desk.switch("lowercase_emails") else tidy


def _lowered(given: dict[str, Any]) -> dict[str, Any]:
    email, others = given.get("email"), given.get("other_emails")
    if isinstance(email, str):
        given["email"] = email.lower()
    if isinstance(others, list):
        given["other_emails"] = [other.lower() if isinstance(other, str) else other for other in others]
    return given


def _check(desk: Desk, given: Mapping[str, Any], has_old: bool = False) -> None:
    plain = {name: value for name, value in given.items() if name != "custom_fields"}
    problems = [*_locked(desk, plain), *_name(plain, has_old)]
    problems += [*checks.check_all(plain, CHECKS), *_companies(desk, plain)]
    if "custom_fields" in given:
        problems += checks.check_custom(given["custom_fields"], _definitions(desk))
    refuse_if(problems)


def _name(given: Mapping[str, Any], has_old: bool) -> Iterator[Problem]:
    if "name" not in given and not has_old:
        yield problem("name", "missing_field", "It should be a/an String")
    elif not given.get("name", "-"):
        yield problem("name", "invalid_value", "It should not be blank")


def _locked(desk: Desk, given: Mapping[str, Any]) -> Iterator[Problem]:
    features = {"other_companies": "multiple_companies", "language": "multiple_languages", "time_zone": "multiple_languages"}
    for name, feature in features.items():
        if name in given and not desk.switch(feature):
            words = feature.replace("_", " ")
            yield problem(name, "require_feature", f"The {words} feature(s) is/are not supported in your plan")
    if "social_handler" in given and not desk.switch("modern_account"):
        yield problem("social_handler", "invalid_field", "Unexpected/invalid field in request")


def _companies(desk: Desk, given: Mapping[str, Any]) -> Iterator[Problem]:
    wanted = [("company_id", given.get("company_id"))]
    wanted += [("other_companies", other.get("company_id")) for other in _dicts(given.get("other_companies"))]
    for name, key in wanted:
        if isinstance(key, int) and desk.get("companies", key) is None:
            yield problem(name, "invalid_value", f"There is no company matching the given {name}")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _linked(desk: Desk, record: dict[str, Any]) -> dict[str, Any]:
    """Return the contact linked to the company that has its mail domain, if it has no company."""
    if "company_id" in record or "email" not in record or not desk.switch("domain_links"):
        return record
    company = desk.store.get(DOMAINS, record["email"].rpartition("@")[2].lower())
    return record if company is None else record | {"company_id": company["id"]}


def _check_result(desk: Desk, record: Row, given: Mapping[str, Any]) -> None:
    if not any(record.get(name) for name in IDENTIFIERS):
        message = f"Please fill at least 1 of {', '.join(IDENTIFIERS)} fields"
        raise invalid("email", message, "missing_field")
    refuse_if(checks.check_required(record, _definitions(desk)))
    refuse_if(list(_duplicates(desk, record, given)), desk.switch("duplicate_status"))


def _duplicates(desk: Desk, record: Row, given: Mapping[str, Any]) -> Iterator[Problem]:
    for field, stored in _unique_fields(desk):
        if stored in record and (field in given or field in (given.get("custom_fields") or {})):
            owner = _other_holder(desk, stored, record[stored], record.get("id"))
            if owner is not None:
                yield _duplicate(desk, field, owner)
    for address in given.get("other_emails") or ():
        owner = address_owner(desk, address, record.get("id"))
        if owner is not None:
            yield _duplicate(desk, "other_emails", owner)


def _unique_fields(desk: Desk) -> Iterator[tuple[str, str]]:
    yield from ((name, name) for name in ("email", "twitter_id", "unique_external_id"))
    if desk.switch("mobile_unique") and desk.switch("modern_account"):
        yield "mobile", "mobile"
    if desk.switch("phone_unique"):
        yield "phone", "phone"
    yield from ((field["name"], CUSTOM + field["name"]) for field in _definitions(desk) if field.get("unique"))


def _other_holder(desk: Desk, stored: str, value: Any, own: int | None) -> int | None:
    if stored == "email":
        return address_owner(desk, value, own)
    return next((int(key) for key in desk.store.find("contacts", stored, value) if key != own), None)


def address_owner(desk: Desk, address: str, own: int | None) -> int | None:
    """Return the contact or agent other than `own` who has this address, as the first or a further one."""
    holders = [*desk.store.find("contacts", "email", address), *desk.store.find("agents", "email", address)]
    further = desk.store.get(ADDRESSES, address.lower()) if desk.switch("other_emails_taken") else None
    holders += [further["id"]] if further else []
    return next((int(key) for key in holders if key != own), None)


def _duplicate(desk: Desk, field: str, owner: int) -> Problem:
    shown = desk.switch("duplicate_owner")
    is_named = shown == "all" or (shown == "email" and field == "email")
    more = {"additional_info": {"user_id": owner}} if is_named else {}
    return problem(field, "duplicate_value", UNIQUE, **more)


def _definitions(desk: Desk) -> list[Row]:
    return [field for field in desk.fields("contact_fields") if not field["default"]]
