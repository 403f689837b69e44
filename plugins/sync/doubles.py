"""Doubles: whom another integration has made in Salesforce since this batch read it is not made there again.

Two first backfills side by side know the same people, and Salesforce knows none of them. So the integrations of one org make records
one after the other, and each looks, right before, for those it is about to make: only where another one has made any meanwhile, so
that usual runs cost no call. Who is found is left to the next run, which links.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import text

from connectors.contract import Connector
from sync.batch import Batch
from sync.counterparts import key_fields
from sync.database import waited_lock
from sync.moved import leave
from sync.outbox import Outgoing
from sync.settings import EntitySettings
from sync.siblings import siblings_of
from sync.staging import wanted_fields

WHY = "another integration has made this record in Salesforce meanwhile; the next run links it"
log = logging.getLogger(__name__)

OTHERS = "select exists (select 1 from sync.integration i where i.org_id = :org and i.id <> :integration_id)"
MADE = """
select exists (select 1 from sync.action a join sync.integration i on i.id = a.integration_id and i.org_id = :org and i.id <> :integration_id
  where a.side = 'salesforce' and a.operation = 'create' and a.sent_at >= (select started_at from sync.batch where id = :id))
"""
OF_LINKS = "select id from sync.action where batch_id = :id and state in ('planned', 'approved') and link_id = any(:links)"


@contextmanager
def one_creator(batch: Batch, entity: EntitySettings, actions: Sequence[Outgoing], connector: Connector) -> Iterator[set[int]]:
    """Let no other integration of the org make records meanwhile; yield the links of `actions` that one of them has made before.

    Other actions than creates in Salesforce wait for nobody.
    """
    if (actions[0].side, actions[0].operation) != ("salesforce", "create") or not entity.match or not _tells(batch, OTHERS):
        yield set()
        return
    with waited_lock(batch.engine, f"creates in {batch.account_ids[0]}"):
        yield _leave_made(batch, entity, actions, connector) if _tells(batch, MADE) else set()


def _tells(batch: Batch, question: str) -> bool:
    values = {"id": batch.id, "integration_id": batch.integration_id, "org": batch.account_ids[0]}
    with batch.engine.connect() as connection:
        return bool(connection.scalar(text(question), values))


def _leave_made(batch: Batch, entity: EntitySettings, actions: Sequence[Outgoing], connector: Connector) -> set[int]:
    settings = batch.integration.settings
    kinds = [entity, *(each for each in settings.entities if each.name in siblings_of(settings, entity))]
    made = {link for kind in kinds for key in kind.match for link in _links_found(batch, kind, actions, connector, key)}
    if not made:
        return set()
    with batch.engine.begin() as connection:
        links = leave(connection, batch, text(OF_LINKS), {"id": batch.id, "links": list(made)}, WHY)
    log.info("%s %s: %d records were made by another integration, left to the next run", batch.name, entity.name, len(links))
    return links


def _links_found(
    batch: Batch, kind: EntitySettings, actions: Sequence[Outgoing], connector: Connector, key: str
) -> Iterator[int]:
    """Yield the links of creates whose match key a record of `kind` has in Salesforce by now."""
    sent = {action.link_id: str(action.fields[key][1]) for action in actions if action.fields.get(key, (None, None))[1]}
    name = key_fields(batch.integration.mappings[kind.name].by_name[key], "salesforce")[0]
    held: set[str] = set()
    wanted = wanted_fields(batch, kind, "salesforce")
    for page in connector.find(kind.reads_as("salesforce"), name, sorted(set(sent.values())), wanted) if sent else ():
        held |= {str(record.raw.get(name) or "").casefold() for record in page.records}
    yield from (link for link, value in sent.items() if value.casefold() in held)
