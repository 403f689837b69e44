"""Planned: what was decided, written down as `sync.action` and `sync.conflict`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, text

from sync.batch import Batch
from sync.database import NULL, copy_lines, escape, to_json
from sync.decisions import Action, Conflict, Decision
from sync.settings import EntitySettings

ACTION_COLUMNS = (
    "batch_id", "integration_id", "entity", "position", "side", "operation", "link_id", "salesforce_id", "app_id", "fields",
    "extra", "settles", "rule",
)  # fmt: skip
ORDER = {"agree": 0, "create": 1, "update": 2}
LAST_POSITION = 100_000


def write_plan(
    connection: Connection, batch: Batch, entity: EntitySettings, rank: int, decisions: list[Decision], counts: Counter[str]
) -> None:
    """Store the decisions on one entity, the `rank`th in the order of writing; what they hold is added to `counts`."""
    for decision in decisions:
        for action in decision.actions:
            counts["agree" if action.operation == "agree" else f"to_{action.side} {action.operation}"] += 1
    actions = (action for decision in decisions for action in decision.actions)
    copy_lines(connection, "sync.action", ACTION_COLUMNS, _action_lines(batch, entity, rank, actions))
    conflicts = [_conflict_row(batch, entity, each) for decision in decisions for each in decision.conflicts]
    counts["conflicts"] += len(conflicts)
    if conflicts:
        connection.execute(
            text(
                "insert into sync.conflict (batch_id, integration_id, entity, link_id, salesforce_id, app_id, field, base,"
                " salesforce_value, app_value, decision, rule) select :batch_id, :integration_id, :entity, :link_id, :salesforce_id,"
                " :app_id, :field, cast(:base as jsonb), cast(:salesforce as jsonb), cast(:app as jsonb), :decision, :rule"
                " where not exists (select 1 from sync.conflict c join sync.batch b on b.id = c.batch_id where c.link_id = :link_id"
                "  and c.field = :field and c.salesforce_value = cast(:salesforce as jsonb) and c.app_value = cast(:app as jsonb)"
                "  and c.base is not distinct from cast(:base as jsonb) and c.decision = :decision"
                "  and b.state <> 'planned')"
            ),
            conflicts,
        )


def _action_lines(batch: Batch, entity: EntitySettings, rank: int, actions: Iterable[Action]) -> Iterator[str]:
    for action in actions:
        position = LAST_POSITION - rank if action.operation == "delete" else rank * 10 + ORDER[action.operation]
        link = action.link
        ids = "\t".join(NULL if each is None else escape(each) for each in (link.salesforce_id, link.app_id))
        documents = "\t".join(escape(to_json(each)) for each in (action.fields, action.extra, action.settles))
        yield (
            f"{batch.id}\t{batch.integration_id}\t{entity.name}\t{position}\t{action.side}\t{action.operation}\t{link.id}\t{ids}\t"
            f"{documents}\t{escape(action.rule)}"
        )


def _conflict_row(batch: Batch, entity: EntitySettings, conflict: Conflict) -> dict[str, Any]:
    return {
        "batch_id": batch.id, "integration_id": batch.integration_id, "entity": entity.name, "link_id": conflict.link.id,
        "salesforce_id": conflict.link.salesforce_id, "app_id": conflict.link.app_id, "field": conflict.field,
        "base": to_json(conflict.base), "salesforce": to_json(conflict.salesforce), "app": to_json(conflict.app),
        "decision": conflict.decision, "rule": conflict.rule,
    }  # fmt: skip
