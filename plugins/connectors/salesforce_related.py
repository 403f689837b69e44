"""Records that belong to another one, shown in it as readable text: the last five contracts, orders, opportunities or leads.

To everybody else such a text is a read-only field of the account or contact; it counts as changed when one of its records did.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from connectors.contract import Field, Page, Record
from connectors.salesforce_calls import QUERIES_PER_CALL, SalesforceCalls
from connectors.salesforce_shapes import ANSWERS
from connectors.salesforce_soql import in_clauses, select, since_clause
from connectors.shapes import having, many

SHOWN = 5
SEPARATOR = " · "
MODIFIED = "SystemModstamp"


@dataclass(frozen=True, slots=True)
class Related:
    """One such field of `entity`: records of `source` whose `key` is the `parent_key` of the parent, newest `order` first."""

    entity: str
    label: str
    source: str
    key: str
    parent_key: str
    order: str
    fields: tuple[str, ...]


RELATED: Mapping[str, Related] = {
    "LastContracts": Related(
        "account", "Last five contracts", "Contract", "AccountId", "Id", "StartDate",
        ("ContractNumber", "Status", "StartDate", "EndDate"),
    ),
    "LastOrders": Related(
        "account", "Last five orders", "Order", "AccountId", "Id", "EffectiveDate",
        ("OrderNumber", "Status", "EffectiveDate", "TotalAmount", "Description"),
    ),
    "LastOpportunities": Related(
        "account", "Last five opportunities", "Opportunity", "AccountId", "Id", "CloseDate",
        ("Name", "StageName", "CloseDate", "Amount"),
    ),
    "LastLeads": Related(
        "contact", "Last five leads with this address", "Lead", "Email", "Email", "CreatedDate",
        ("Status", "Company", "LeadSource"),
    ),
}  # fmt: skip


def split(entity: str, names: Sequence[str]) -> tuple[list[str], dict[str, Related]]:
    """Return the plain fields among `names`, with the keys that the others need, and the others."""
    shown = {name: RELATED[name] for name in names if name in RELATED and RELATED[name].entity == entity}
    return [*(name for name in names if name not in shown), *(related.parent_key for related in shown.values())], shown


def fields_of(entity: str) -> list[Field]:
    """Return the fields of `entity` that show related records."""
    return [
        Field(name, related.label, "text", is_createable=False, is_updateable=False)
        for name, related in RELATED.items()
        if related.entity == entity
    ]


class RelatedTexts:
    """Fills the texts in. `choices`: field → the fields of each record to show, instead of the usual ones."""

    def __init__(self, calls: SalesforceCalls, choices: Mapping[str, Sequence[str]]) -> None:
        self._calls = calls
        self._choices = choices

    def fill(self, pages: Iterable[Page], shown: Mapping[str, Related]) -> Iterator[Page]:
        """Yield the pages with the texts of `shown` in their records."""
        for page in pages:
            if not shown:
                yield page
                continue
            texts = {name: self._texts(name, related, page) for name, related in shown.items()}
            yield replace(page, records=[_with(record, texts, shown) for record in page.records])

    def moved(self, related: Related, since: datetime) -> set[str]:
        """Return the keys of the parents of which a record has changed, or was deleted, at or after `since`."""
        soql = select([related.key], related.source, since_clause(MODIFIED, since))
        rows = (row for _, body in self._calls.pages(soql, "queryAll") for row in body["records"])
        return {str(row[related.key]) for row in rows if row.get(related.key)}

    def _texts(self, name: str, related: Related, page: Page) -> dict[str, str]:
        """Return the text of each parent in `page`, by its key."""
        fields = tuple(self._choices.get(name) or related.fields)
        keys = [str(record.raw[related.parent_key]) for record in page.records if record.raw.get(related.parent_key)]
        lines: dict[str, list[str]] = defaultdict(list)
        queries = (
            f"{select([related.key, *fields], related.source, clause)} ORDER BY {related.order} DESC NULLS LAST, Id DESC"
            for clause in in_clauses(related.key, keys)
        )
        while together := list(islice(queries, QUERIES_PER_CALL)):
            response, rows = self._calls.together(together)
            for row in ANSWERS.check(response, rows, many(having(related.key, *fields))):
                line = SEPARATOR.join(_spelled(row[field]) for field in fields if row[field] is not None)
                lines[_folded(row[related.key])].append(line)
        return {key: "\n".join(found[:SHOWN]) for key, found in lines.items()}


def _with(record: Record, texts: Mapping[str, Mapping[str, str]], shown: Mapping[str, Related]) -> Record:
    found = {name: texts[name].get(_folded(record.raw.get(related.parent_key))) for name, related in shown.items()}
    return replace(record, raw={**record.raw, **found})


def _folded(key: Any) -> str:
    return str(key or "").casefold() if "@" in str(key or "") else str(key or "")


def _spelled(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
