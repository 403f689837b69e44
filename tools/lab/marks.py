"""What the marks must show in the end: where somebody came from, and that a lead was converted. Pure."""

from collections.abc import Iterator, Mapping

from tools.lab.findings import UNEXPLAINED, Evidence, Finding
from tools.lab.histories import Thing
from tools.lab.kinds import Row
from tools.lab.numbers import is_known


def marks_wrong(thing: Thing, rows: Mapping[str, Row], evidence: Evidence) -> Iterator[Finding]:
    """Yield what is wrong with the tags that the engine puts, and with the app's id in Salesforce."""
    if not evidence.revives(thing.kind) or thing.done("delete", "restore", "lose", "merge", "untag"):
        return
    app_id = thing.kind.id_of("app", rows["app"])
    if (held := rows["salesforce"].get(evidence.reference)) != app_id:
        yield Finding(UNEXPLAINED, thing.token, f"Salesforce holds {held!r} as the id in the app, which is {app_id!r}")
    wanted, unwanted = _marks(thing, evidence)
    tags = set(rows["app"].get("tags") or ())
    if (missing := wanted - tags) or unwanted & tags:
        yield Finding(UNEXPLAINED, thing.token, f"the tags {sorted(missing)} are missing, {sorted(unwanted & tags)} are wrong")


def _marks(thing: Thing, evidence: Evidence) -> tuple[set[str], set[str]]:
    """Return the tags that must be there and those that must not, by where somebody was born and when they were converted."""
    makers = thing.done("make")
    if len(makers) != 1:
        return set(), set()
    [born] = makers
    entities = thing.kind.here
    entity = entities[born.value] if born.side == "salesforce" else evidence.made_as
    origin, converted = (
        evidence.marks[entity][f"from_{born.side}"],
        evidence.marks[entity]["on_conversion"],
    )
    turns = thing.done("convert")
    if not turns:
        return {origin}, {converted}
    if not is_known(thing, turns[0]):
        return set(), set()
    if born.side == "salesforce":
        return {evidence.marks["contact"]["from_salesforce"], converted}, {origin}
    return {origin, converted}, set()
