"""The policy by which the planner decides on one entity: settings, mapping rows, and what this run may write."""

from sync.batch import Batch
from sync.decisions import SIDES, Policy
from sync.merge import FieldPolicy
from sync.settings import EntitySettings
from sync.siblings import heir_of, lead_of


def policy_of(batch: Batch, entity: EntitySettings) -> Policy:
    """Return the policy of `entity` in this run."""
    rows = batch.integration.mappings[entity.name].rows
    fields = tuple(
        FieldPolicy(
            name=row.name,
            to_app=entity.writes_to("app") and row.writes_to("app"),
            to_salesforce=entity.writes_to("salesforce") and row.writes_to("salesforce"),
            on_conflict=row.on_conflict,
            on_empty=row.on_empty,
            overwrite=row.overwrite,
            default=row.default_value,
            required=frozenset(side for side in SIDES if row.is_required_for(side)),
        )
        for row in rows
    )
    settings = batch.integration.settings
    lead = lead_of(settings, entity)
    return Policy(
        fields=fields,
        to_app=entity.writes_to("app"),
        to_salesforce=entity.writes_to("salesforce"),
        held=frozenset(side for side in SIDES if entity.writes_to(side) and not batch.is_open(entity, side)),
        master=entity.master,
        prefer="app" if entity.prefer == "app" else "salesforce",
        deletes=entity.deletes,
        flag_fields=entity.flag_fields,
        salesforce_reference=entity.salesforce_reference,
        app_references=entity.app_references,
        creates=frozenset(side for side in SIDES if entity.creates_on(side)),
        updates=frozenset(side for side in SIDES if entity.updates.get(f"to_{side}", True)),
        on_create={side: entity.on_create.get(side, {}) for side in SIDES},
        marks=entity.marks,
        lead_marks=lead.marks if lead else None,
        has_heir=heir_of(settings, entity) is not None,
    )
