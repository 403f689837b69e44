"""The proof of an erasure as text: ids and counts, nothing that names a person."""

from collections.abc import Iterator, Mapping
from typing import Any


def render(report: Mapping[str, Any]) -> str:
    """Return a plan or a proof for people to read."""
    return "\n".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    if report["state"] == "planned":
        yield f"Found: {report['records']} records, {report['addresses']} addresses. Nothing was changed."
        for name, each in report["systems"].items():
            yield f"  {name}: {', '.join(each['found']) or 'nothing'}"
        yield from _elsewhere(report)
        yield f"To erase exactly this, trigger again with dry_run off and confirm {report['code']}"
        return
    yield f"Erasure {report['code']}, asked for by {report['asked_by']} in run {report['run_id']}: {report['state']} at {report['at']}"
    for name, each in report["systems"].items():
        yield f"  {name}: gone and looked for again: {', '.join(each['gone']) or 'nothing was there'}"
        yield from (f"    {record}: {words}" for record, words in each["notes"].items())
        yield from (f"    left: {why}" for why in each["left"])
        if each["remains"]:
            yield f"    {each['remains']}"
    yield from _elsewhere(report)
    yield from _of_tables(report["tables"])
    if report["left"]:
        yield f"Not done: {'; '.join(report['left'])}"


def _elsewhere(report: Mapping[str, Any]) -> Iterator[str]:
    if report["elsewhere"]:
        yield f"  Not erased, for these systems were not chosen; the sync leaves them alone: {', '.join(report['elsewhere'])}"


def _of_tables(tables: Mapping[str, Any]) -> Iterator[str]:
    for words, key in (("rows removed", "removed"), ("rows in which a quotation was blotted out", "cleaned")):
        counts = ", ".join(f"{table} {number}" for table, number in sorted(tables[key].items()))
        yield f"  Lockstep's own tables, {words}: {counts or 'none'}"
    for each in tables["mentions"]:
        ids = ", ".join(str(each[name]) for name in ("salesforce_id", "app_id") if each[name])
        yield f"  The address stands in another record, to be mended in the systems: {each['integration']} {each['entity']} {ids}"
