"""The rights that each app's page asks for in Salesforce are those that the shipped mapping needs: every object, every field."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from sync import mapping

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.parent for path in (ROOT / "include" / "mappings").glob("*/settings.yaml"))
OBJECTS = {"call": "Task"}
MADE_UP = {"WhatAccountId": "WhatId", "WhatOpportunityId": "WhatId", "WhoContactId": "WhoId", "IsClosed": "Status"}


def used(folder: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The Salesforce fields that a mapping reads and those it writes, by object."""
    integration = mapping.load(folder)
    read, written = defaultdict(set), defaultdict(set)
    for entity in (each for each in integration.settings.entities if each.enabled):
        source = OBJECTS.get(entity.salesforce_entity, entity.salesforce_entity.capitalize())
        for row in integration.mappings[entity.name].rows:
            names = {MADE_UP.get(name, name) for name in row.salesforce_fields}
            (written if row.writes_to("salesforce") and entity.writes_to("salesforce") else read)[source] |= names
        own = (entity.salesforce_reference, *entity.status_fields.values(), *entity.on_create.get("salesforce", {}))
        written[source] |= {name for name in own if name}
        read[source] |= {*entity.facts("salesforce"), *entity.filters.get("salesforce", {})}
        written[source] |= {name for way, name in entity.flag_fields.items() if way == "to_salesforce"}
    return {source: names - written[source] for source, names in read.items()}, written


def table(app: str) -> dict[str, tuple[set[str], set[str]]]:
    """The fields that the page names, by object: those it edits, those it only reads."""
    section = (ROOT / "docs" / f"connect-{app}.md").read_text().partition("## Least rights")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {row[0].split("`")[1]: (set(re.findall(r"`([^`]+)`", row[2])), set(re.findall(r"`([^`]+)`", row[3]))) for row in rows}


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
@pytest.mark.feature("ALL-09")
def test_every_field_of_the_shipped_mapping_stands_in_the_least_rights_and_none_too_many_to_write(folder: Path) -> None:
    read, written = used(folder)
    named = table(folder.name)
    for source, names in written.items():
        edits, reads = named.get(source, (set(), set()))
        assert names == edits, source
        assert read.get(source, set()) - edits - reads == set(), source
