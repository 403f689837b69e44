"""Deals: pipelines and stages they stand in, their custom values, and how they are shown."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.activecampaign import records
from sandbox.activecampaign.errors import invalid, missing, not_found
from sandbox.activecampaign.exchange import Ask
from sandbox.activecampaign.moments import central, parsed, stored
from sandbox.activecampaign.panel import Panel, Row
from sandbox.activecampaign.resources import DEAL_DATA, DEAL_FIELDS, DEAL_GROUPS, DEAL_STAGES
from sandbox.exchange import Answer

FIRST_STAGES = ("To Contact", "In Contact", "Follow Up")
ATTRIBUTES: Mapping[str, Any] = {
    "title": "", "description": "", "contact": None, "account": None, "value": 0, "currency": "eur", "group": None,
    "stage": None, "owner": "1", "percent": None, "status": 0,
}  # fmt: skip
REFERENCES = {"contact": "contacts", "account": "accounts", "group": "dealGroups", "stage": "dealStages", "owner": "users"}
FILTERS = ("title", "stage", "group", "status", "owner", "contact")


def list_deals(ask: Ask) -> Answer:
    """Answer `GET /deals`; `updated_after` is inclusive here, other than for contacts."""
    table = ask.panel.store.table("deals")
    rows = [table[key] for key in ask.panel.ids("deals") if _passes(ask, table[key])]
    offset, limit = ask.window()
    currencies: dict[str, Any] = {}
    for row in rows:
        word = str(row["currency"]).upper()
        sums = currencies.setdefault(word, {"total": "0", "value": "0", "currency": word, "isDisabled": False})
        sums |= {"total": str(int(sums["total"]) + 1), "value": str(int(sums["value"]) + int(row["value"]))}
    shown = [show(row, ask.base) for row in rows[offset : offset + limit]]
    return Answer(200, {"deals": shown, "meta": {"currencies": currencies or [], "total": len(rows)}})


def view_deal(ask: Ask) -> Answer:
    """Answer `GET /deals/{id}`."""
    return Answer(200, {"deal": show(found(ask.panel, ask.id("Deal")), ask.base)})


def create_deal(ask: Ask) -> Answer:
    """Answer `POST /deals`."""
    given = ask.given("deal")
    record = create(ask.panel, given)
    return Answer(201, {**_beside(ask, record), "deal": show(record, ask.base, given)})


def update_deal(ask: Ask) -> Answer:
    """Answer `PUT /deals/{id}`."""
    given = ask.given("deal")
    record = update(ask.panel, found(ask.panel, ask.id("Deal")), given)
    return Answer(200, {**_beside(ask, record), "deal": show(record, ask.base, given)})


def delete_deal(ask: Ask) -> Answer:
    """Answer `DELETE /deals/{id}`."""
    delete(ask.panel, ask.id("Deal"))
    return Answer(200, {})


def deal_data(ask: Ask) -> Answer:
    """Answer `GET /deals/{id}/dealCustomFieldData`."""
    record = found(ask.panel, ask.id("Deal"))
    rows = ask.panel.of("dealCustomFieldData", "dealId", str(record["id"]))
    return Answer(200, {"dealCustomFieldData": [records.show(DEAL_DATA, row, ask.base) for row in rows]})


def create_group(ask: Ask) -> Answer:
    """Answer `POST /dealGroups`: a pipeline comes with three stages."""
    given = ask.given("dealGroup")
    record = records.create(ask.panel, DEAL_GROUPS, given)
    for order, title in enumerate(FIRST_STAGES, 1):
        records.create(ask.panel, DEAL_STAGES, {"title": title, "group": record["id"], "order": order})
    return Answer(201, {"dealGroup": records.show(DEAL_GROUPS, record, ask.base, given)})


def create_field(ask: Ask) -> Answer:
    """Answer `POST /dealCustomFieldMeta`; the field's name for merging is made out of its label."""
    given = ask.given("dealCustomFieldMetum")
    record = add_field(ask.panel, given)
    status = int(ask.panel.switch("created_status"))
    return Answer(status, {"dealCustomFieldMetum": records.show(DEAL_FIELDS, record, ask.base, given)})


def add_field(panel: Panel, given: Mapping[str, Any]) -> Row:
    """Keep a new custom field of deals."""
    word = re.sub(r"[^A-Z0-9]+", "_", str(given.get("fieldLabel", "")).upper()).strip("_")
    return records.create(panel, DEAL_FIELDS, {**given, "personalization": word})


def found(panel: Panel, key: Any) -> Row:
    """Return a deal. Refuses with 404 where there is none."""
    record = panel.get("deals", key)
    if record is None:
        raise not_found("Deal", key)
    return record


def create(panel: Panel, given: Mapping[str, Any]) -> Row:
    """Check and keep a new deal."""
    _strike(panel, str(given.get("title")))
    if not given.get("title"):
        raise missing("title")
    if not (given.get("contact") or given.get("account")):
        raise missing("contact")
    if not (given.get("group") or given.get("stage")):
        raise missing("group")
    now = panel.now()
    record = {**ATTRIBUTES, **_checked(panel, given), "cdate": now, "mdate": now, "id": panel.new_id("deals")}
    return _keep(panel, record, given)


def update(panel: Panel, old: Row, given: Mapping[str, Any]) -> Row:
    """Keep the attributes given; the others stay."""
    _strike(panel, str(old["id"]))
    return _keep(panel, {**old, **_checked(panel, given), "mdate": panel.now()}, given)


def delete(panel: Panel, key: int) -> None:
    """Remove a deal for good."""
    found(panel, key)
    records.sweep(panel, (("dealCustomFieldData", "dealId"),), key)
    panel.remove("deals", key)
    panel.store.calls.records_written += 1


def show(record: Row, base: str, written: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a deal; what was just written comes back in the type it was sent in."""
    shown = {name: records.text_of(record.get(name)) for name in ATTRIBUTES}
    echo = {name: value for name, value in (written or {}).items() if name in ATTRIBUTES}
    key = record["id"]
    return shown | echo | {
        "hash": f"{key:08x}", "organization": None, "cdate": central(record["cdate"]), "mdate": central(record["mdate"]),
        "nextdate": None, "nexttaskid": None, "winProbability": None, "winProbabilityMdate": None, "activitycount": "1",
        "nextdealid": str(key + 1), "edate": None, "isDisabled": False, "customerAccount": shown["account"],
        "links": {"dealCustomFieldData": f"{base}/api/3/deals/{key}/dealCustomFieldData"}, "id": str(key),
    }  # fmt: skip


def _keep(panel: Panel, record: dict[str, Any], given: Mapping[str, Any]) -> Row:
    panel.put("deals", record)
    for each in given.get("fields") or ():
        set_data(panel, record["id"], each)
    panel.store.calls.records_written += 1
    return record


def set_data(panel: Panel, deal: int, given: Mapping[str, Any]) -> Row:
    """Keep a custom value, in the row that is there or a new one."""
    field = str(given.get("customFieldId"))
    rows = panel.of("dealCustomFieldData", "dealId", str(deal))
    old = next((row for row in rows if row["customFieldId"] == field), None)
    wanted = {**given, "dealId": str(deal), "customFieldId": field}
    return records.update(panel, DEAL_DATA, old, wanted) if old else records.create(panel, DEAL_DATA, wanted)


def _checked(panel: Panel, given: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in given.items() if name in ATTRIBUTES}
    for name, kind in REFERENCES.items():
        if kept.get(name) is not None and name in kept:
            kept[name] = str(kept[name])
            if panel.get(kind, kept[name]) is None:
                raise invalid(name, f"The {name} {kept[name]} does not exist.")
    if "value" in kept:
        kept["value"] = _cents(kept["value"])
    if kept.get("status") not in (None, 0, 1, 2, "0", "1", "2"):
        raise invalid("status", "The status is invalid.")
    return kept | _placed(panel, kept)


def _cents(value: Any) -> int:
    """Whole cents: what stands behind the point is lost."""
    try:
        return int(float(value or 0))
    except (TypeError, ValueError):
        raise invalid("value", "The value is invalid.") from None


def _placed(panel: Panel, kept: Mapping[str, Any]) -> dict[str, Any]:
    """A stage brings its pipeline, a pipeline its first stage."""
    if kept.get("stage"):
        stage = panel.get("dealStages", kept["stage"])
        return {"group": stage["group"]} if stage else {}
    if kept.get("group"):
        stages = sorted(panel.of("dealStages", "group", kept["group"]), key=lambda row: int(row["order"]))
        return {"stage": str(stages[0]["id"])} if stages else {}
    return {}


def _beside(ask: Ask, record: Row) -> dict[str, Any]:
    group, stage = ask.panel.get("dealGroups", record["group"]), ask.panel.get("dealStages", record["stage"])
    return {
        "contacts": [],
        "dealGroups": [records.show(DEAL_GROUPS, group, ask.base)] if group else [],
        "dealStages": [records.show(DEAL_STAGES, stage, ask.base)] if stage else [],
    }


def _passes(ask: Ask, row: Row) -> bool:
    for name in FILTERS:
        value = ask.param(f"filters[{name}]").casefold()
        if value and (value not in str(row.get(name)).casefold() if name == "title" else value != str(row.get(name))):
            return False
    for name, attribute in (("created", "cdate"), ("updated", "mdate")):
        after, before = parsed(ask.param(f"filters[{name}_after]")), parsed(ask.param(f"filters[{name}_before]"))
        if (after and row[attribute] < stored(after)) or (before and row[attribute] >= stored(before)):
            return False
    return True


def _strike(panel: Panel, victim: str) -> None:
    fault = panel.store.faults.take_row("bad_record", victim)
    if fault is not None:
        raise invalid(
            "title", str(fault.options.get("message", "injected fault")), str(fault.options.get("code", "field_invalid"))
        )
