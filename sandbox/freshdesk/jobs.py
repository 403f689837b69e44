"""Export to CSV and import from CSV, as jobs that are asked for and looked at again."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.exchange import Answer, Refusal
from sandbox.freshdesk import companies, contacts
from sandbox.freshdesk.checks import TEXT_LIMIT
from sandbox.freshdesk.desk import Desk, Row
from sandbox.freshdesk.errors import UNEXPECTED, invalid, not_found, plain, problem, refuse_if
from sandbox.freshdesk.exchange import Ask
from sandbox.freshdesk.order import LIVE
from sandbox.freshdesk.shapes import CUSTOM

LINK_SECONDS = 300
IMPORTS_LISTED = 5
STATUSES = ("in_progress", "completed", "cancelled", "failed")
DEFAULT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("name", "job_title", "email", "phone", "mobile", "twitter_id", "company_name", "address", "time_zone",
    "language",
                 "tag_names", "description", "unique_external_id"),
    "companies": ("name", "description", "note", "domains", "health_score", "account_tier", "renewal_date", "industry"),
}  # fmt: skip


def start_export(ask: Ask) -> Answer:
    """Answer `POST /contacts/export` and its like; one export at a time."""
    desk, kind = ask.desk, ask.words["kind"]
    jobs = f"{kind}_exports"
    if any(_status(desk, job) == "in_progress" for job in desk.store.table(jobs).values()):
        raise plain(409, "inconsistent_state", "An export is in progress")
    wanted = ask.fields().get("fields")
    columns = list(_columns(desk, kind, wanted if isinstance(wanted, dict) else {}))
    number = hashlib.sha1(f"{jobs} {desk.store.next_number(jobs)}".encode(), usedforsecurity=False).hexdigest()
    job = {"id": number, "made": desk.store.clock.now().isoformat(), "csv": _csv(desk, kind, columns)}
    desk.store.put(jobs, number, job)
    return Answer(200, {"id": number})


def view_export(ask: Ask) -> Answer:
    """Answer `GET /contacts/export/{id}` and its like, once complete with an address good for five minutes."""
    job = ask.desk.store.get(f"{ask.words['kind']}_exports", ask.words["id"])
    if job is None:
        raise not_found()
    body = {"id": job["id"], "status": _status(ask.desk, job)}
    if body["status"] == "completed":
        until = int(ask.desk.store.clock.now().timestamp()) + LINK_SECONDS
        body["download_url"] = f"{ask.base}/download/{ask.words['kind']}/{job['id']}.csv?until={until}"
    return Answer(200, body)


def download(desk: Desk, kind: str, number: str, until: str) -> str:
    """Return the CSV behind a download address; no key is asked for, only that the address is still good."""
    job = desk.store.get(f"{kind}_exports", number)
    if job is None or not until.isdecimal() or int(until) < desk.store.clock.now().timestamp():
        raise Refusal(403)
    return str(job["csv"])


def start_import(ask: Ask) -> Answer:
    """Answer `POST /contacts/imports` and its like: a form with `file` and `fields[name]` = column."""
    kind, text = ask.words["kind"], ask.form.get("file")
    places = {name[7:-1]: place for name, place in ask.form.items() if name.startswith("fields[")}
    if not isinstance(text, bytes):
        raise invalid("file", "It should be a/an valid file format", "missing_field")
    if "name" not in places:
        raise invalid("fields", "It should be a/an key/value pair", "missing_field")
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))[1:]
    refused = sum(not _import_row(ask.desk, kind, row, places) for row in rows)
    number = ask.desk.new_id(f"{kind}_imports")
    job = {
        "id": number, "made": ask.desk.store.clock.now().isoformat(), "total": len(rows), "refused": refused,
        "created_at": ask.desk.now(), "cancelled": False,
    }  # fmt: skip
    ask.desk.store.put(f"{kind}_imports", number, job)
    return Answer(201, _show_import(ask.desk, job))


def list_imports(ask: Ask) -> Answer:
    """Answer `GET /contacts/imports` and its like: the five newest."""
    ask.check_query("status", "page", "per_page")
    status = ask.query.get("status")
    if status not in (None, *STATUSES):
        raise invalid("status", f"It should be one of these values: '{','.join(STATUSES)}'")
    jobs = [_show_import(ask.desk, job) for job in ask.desk.store.table(f"{ask.words['kind']}_imports").values()]
    return Answer(200, [job for job in reversed(jobs) if status in (None, job["status"])][:IMPORTS_LISTED])


def view_import(ask: Ask) -> Answer:
    """Answer `GET /contacts/imports/{id}` and its like."""
    return Answer(200, _show_import(ask.desk, _import(ask)))


def cancel_import(ask: Ask) -> Answer:
    """Answer `PUT /contacts/imports/{id}/cancel` and its like."""
    job = {**_import(ask), "cancelled": True}
    ask.desk.store.put(f"{ask.words['kind']}_imports", job["id"], job)
    return Answer(200, _show_import(ask.desk, job))


def _import(ask: Ask) -> Row:
    job = ask.desk.store.get(f"{ask.words['kind']}_imports", ask.id())
    if job is None:
        raise not_found()
    return job


def _show_import(desk: Desk, job: Row) -> dict[str, Any]:
    status = "cancelled" if job["cancelled"] else _status(desk, job)
    shown = {key: job[key] for key in ("id", "created_at")} | {"status": status, "total_records": job["total"]}
    if status == "in_progress":
        return shown | {"completed_records": 0, "estimated_time_remaining": "00:00:30"}
    failures = {"count": job["refused"], "report": None}
    return shown | {"completed_records": job["total"] - job["refused"], "failures": failures}


def _status(desk: Desk, job: Row) -> str:
    ready = datetime.fromisoformat(job["made"]) + timedelta(seconds=desk.switch("job_seconds"))
    return "completed" if desk.store.clock.now() >= ready else "in_progress"


def _columns(desk: Desk, kind: str, wanted: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    known = {"default_fields": DEFAULT_COLUMNS[kind], "custom_fields": tuple(desk.custom_names(kind))}
    given = [(group, name) for group in known for name in wanted.get(group) or ()]
    if not given:
        raise invalid("fields", "It should be a/an key/value pair", "missing_field")
    refuse_if([problem(group, "invalid_field", UNEXPECTED) for group, name in given if name not in known[group]])
    for group, name in given:
        yield name, CUSTOM + name if group == "custom_fields" else name


def _csv(desk: Desk, kind: str, columns: list[tuple[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([name for name, _ in columns])
    table, firms = desk.store.table(kind), desk.store.table("companies")
    for key in desk.page(kind, LIVE, 0, len(table)):
        writer.writerow([_cell(table[key], stored, firms) for _, stored in columns])
    return out.getvalue()


def _cell(record: Row, stored: str, firms: Mapping[Any, Row]) -> Any:
    if stored == "company_name":
        return firms[record["company_id"]]["name"] if "company_id" in record else ""
    value = record.get("tags" if stored == "tag_names" else stored)
    return ",".join(value) if isinstance(value, list) else value


def _import_row(desk: Desk, kind: str, row: list[str], places: Mapping[str, Any]) -> bool:
    """Create or, where the e-mail or company name is known, update one record; tell whether it was taken."""
    given: dict[str, Any] = {}
    for name, place in places.items():
        value = row[int(place)].strip() if int(place) < len(row) else ""
        if value and name in desk.custom_names(kind):
            given.setdefault("custom_fields", {})[name] = value[:TEXT_LIMIT]
        elif value:
            given[name] = value
    rules, key = (contacts, "email") if kind == "contacts" else (companies, "name")
    known = desk.store.find(kind, key, given.get(key, ""))
    try:
        _ = rules.update(desk, int(known[0]), given) if known else rules.create(desk, given)
    except Refusal:
        return False
    return True
