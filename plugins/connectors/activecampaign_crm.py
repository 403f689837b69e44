"""Deals and accounts of ActiveCampaign, which lists show page by page and no filter tells of deletions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.activecampaign_calls import ActiveCampaignCalls, Problem, Row, problem_of, read
from connectors.activecampaign_contacts import is_gone
from connectors.activecampaign_fields import PREFIX
from connectors.activecampaign_parts import Parts
from connectors.activecampaign_shapes import ANSWERS, made, single
from connectors.answers import asked_at
from connectors.contract import Known, Page, Record, Result, Write
from connectors.errors import PermanentError
from connectors.flat import to_json

FILTER_MARGIN = timedelta(days=1)
CENTS = Decimal(100)
DEAL_KEYS = (
    "id", "title", "description", "contact", "account", "value", "currency", "group", "stage", "owner", "percent", "status",
    "cdate", "mdate",
)  # fmt: skip
ACCOUNT_KEYS = ("id", "name", "accountUrl", "owner", "createdTimestamp", "updatedTimestamp")


@dataclass(slots=True)
class Crm:
    """Reads and writes deals (`kind` deals) or accounts (`kind` accounts)."""

    calls: ActiveCampaignCalls
    parts: Parts
    kind: str

    @property
    def singular(self) -> str:
        """The name that wraps a single record."""
        return self.kind.removesuffix("s")

    def changes(self, fields: Sequence[str], since: datetime | None, known: Known | None) -> Iterator[Page]:
        """Yield what changed at or after `since`, or all; accounts have no filter by time and are read whole."""
        floor = since.astimezone(UTC).replace(microsecond=0) if since else None
        is_filtered = floor is not None and self.kind == "deals"
        params = [("filters[updated_after]", (floor - FILTER_MARGIN).isoformat())] if floor and is_filtered else []
        yield from self._pages(fields, params, lambda row: floor is None or _stamp(row) >= floor, known)

    def read(self, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Yield records one call each, a page per hundred."""
        for start in range(0, len(ids), 100):
            answers = [self.calls.view(f"{self.kind}/{id}") for id in ids[start : start + 100]]
            rows = [ANSWERS.read(answer, single(self.singular))[self.singular] for answer in answers if answer.ok]
            yield Page([self._record(row, fields) for row in rows if _is_shown(row)], asked_at(answers[0]))

    def find(self, fields: Sequence[str], key: str, values: Sequence[str]) -> Iterator[Page]:
        """Yield records whose field has one of `values`."""
        wanted = {value.strip().casefold() for value in values if value.strip()}
        if not wanted:
            return
        if key.startswith(PREFIX):
            yield from self.read(fields, self._ids_by_custom_field(key, wanted))
            return
        if key not in (DEAL_KEYS if self.kind == "deals" else ACCOUNT_KEYS):
            raise PermanentError(f"ActiveCampaign {self.kind} cannot be found by {key!r}.")
        yield from self._pages(fields, [], lambda row: str(row.get(key) or "").strip().casefold() in wanted, None)

    def write(self, write: Write) -> Result:
        """Send one write."""
        if write.operation == "delete":
            response = self.calls.send("DELETE", f"{self.kind}/{write.id}", "write")
            if response.ok or is_gone(response):
                return Result("done", write.id)
            return _failed(write, problem_of(response))
        body = self._body(write.fields)
        if isinstance(body, Problem):
            return _failed(write, body)
        method, path = ("POST", self.kind) if write.operation == "create" else ("PUT", f"{self.kind}/{write.id}")
        response = self.calls.send(method, path, "write", json={self.singular: body})
        if not response.ok:
            return _failed(write, problem_of(response))
        return Result("done", str(ANSWERS.written(response, made(self.singular))[self.singular]["id"]))

    def _pages(
        self,
        fields: Sequence[str],
        params: Sequence[tuple[str, str | int]],
        is_wanted: Callable[[Row], bool],
        known: Known | None,
    ) -> Iterator[Page]:
        for response in self.calls.pages(self.kind, params):
            rows = [row for row in read(response, self.kind)[self.kind] if _is_shown(row) and is_wanted(row)]
            if known and self._costs_a_call(fields):
                rows = [row for row in rows if not known(str(row["id"]), _stamp(row))]
            yield Page([self._record(row, fields) for row in rows], asked_at(response))

    def _costs_a_call(self, fields: Sequence[str]) -> bool:
        return self.kind == "deals" and any(name.startswith(PREFIX) for name in fields)

    def _record(self, row: Row, fields: Sequence[str]) -> Record:
        if self.kind == "accounts":
            return Record(str(row["id"]), {name: row.get(name) for name in ACCOUNT_KEYS}, _stamp(row))
        raw: dict[str, Any] = {name: row.get(name) for name in DEAL_KEYS}
        raw["amount"] = float(Decimal(str(row.get("value") or 0)) / CENTS)
        if "stage_title" in fields:
            raw["stage_title"] = self.parts.stage_title(str(row["stage"]))
        if self._costs_a_call(fields):
            data = self._custom_values(str(row["id"]))
            raw |= self.parts.deal_fields().values({str(each["customFieldId"]): each["fieldValue"] for each in data})
        return Record(str(row["id"]), raw, _stamp(row))

    def _custom_values(self, id: str) -> list[Row]:
        response = self.calls.view(f"deals/{id}/dealCustomFieldData")
        return list(read(response, "dealCustomFieldData")["dealCustomFieldData"]) if response.ok else []

    def _ids_by_custom_field(self, key: str, wanted: set[str]) -> list[str]:
        field = self.parts.deal_fields().named(key) if self.kind == "deals" else None
        if field is None:
            raise PermanentError(f"ActiveCampaign has no field {key!r} on {self.kind}: the preflight makes it.")
        rows = self.calls.rows("dealCustomFieldData", [("filters[customFieldId]", field.id)])
        matching = (row for row in rows if str(row["customFieldId"]) == field.id)
        return list({str(row["dealId"]): None for row in matching if str(row["fieldValue"]).casefold() in wanted})

    def _body(self, fields: Mapping[str, Any]) -> dict[str, Any] | Problem:
        body: dict[str, Any] = {}
        custom = []
        for name, value in fields.items():
            if name.startswith(PREFIX):
                field = self.parts.deal_fields().named(name) if self.kind == "deals" else None
                if field is None:
                    return Problem("no_field", f"ActiveCampaign has no field {name} on {self.kind}")
                custom.append(_custom_value(field.id, field.type, value, str(fields.get("currency") or "eur")))
            elif name == "amount":
                body["value"] = int((Decimal(str(value or 0)) * CENTS).to_integral_value())
            elif name == "currency":
                body["currency"] = str(value or "").lower()
            elif name != "stage_title":
                body[name] = "" if value is None else to_json(value)
        if fields.get("stage_title"):
            title, group = str(fields["stage_title"]), str(fields.get("group") or "")
            body["stage"] = self.parts.stage_id(title, group)
            if body["stage"] is None:
                return Problem(
                    "no_stage", f"no pipeline has a stage {title!r}: add it in ActiveCampaign or translate it in values.csv"
                )
        return body | ({"fields": custom} if custom else {})


def _custom_value(id: str, kind: str, value: Any, currency: str) -> dict[str, Any]:
    if kind == "currency":
        cents = None if value is None else int(Decimal(str(value)) * CENTS)
        return {"customFieldId": int(id), "fieldValue": cents, "fieldCurrency": currency}
    return {"customFieldId": int(id), "fieldValue": "" if value is None else to_json(value)}


def _failed(write: Write, problem: Problem) -> Result:
    return Result("failed", write.id, code=problem.code, message=problem.message)


def _is_shown(row: Row) -> bool:
    """A deal that the key's user may not see has only its title and id."""
    return "cdate" in row or "createdTimestamp" in row


def _stamp(row: Row) -> datetime:
    text = row.get("mdate") or row.get("cdate") or row.get("updatedTimestamp") or row["createdTimestamp"]
    return datetime.fromisoformat(text).astimezone(UTC)
