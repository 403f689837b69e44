"""Doubles: who has come into Salesforce since this batch read it is not made there again.

Right before it makes records, load looks for them once more where somebody may have been quicker: another integration of the org that
has made any meanwhile (two first backfills side by side know the same people), people while a plan waited for its approval or a long
run went on, and with siblings, which read the app one after the other, even within a quick run. Other runs cost no call. Who is found,
and linked with nobody, is left to the next run, which links. The integrations of one org make records one after the other.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from sqlalchemy import text

from connectors.contract import Connector
from sync.batch import Batch
from sync.counterparts import key_fields
from sync.locks import waited_lock
from sync.moved import leave
from sync.outbox import Outgoing
from sync.settings import EntitySettings
from sync.siblings import siblings_of
from sync.staging import wanted_fields

WHY = "this record has come into Salesforce meanwhile; the next run links it"
QUICK_SECONDS = 60  # how long it is taken for unlikely that people make by hand what a batch has found missing
log = logging.getLogger(__name__)

OTHERS = "select exists (select 1 from sync.integration i where i.org_id = :org and i.id <> :integration_id)"
MADE = """
select exists (select 1 from sync.action a join sync.integration i on i.id = a.integration_id and i.org_id = :org and i.id <> :integration_id
  where a.side = 'salesforce' and a.operation = 'create' and a.sent_at >= (select started_at from sync.batch where id = :id))
"""
SLOW = f"""
select started_at < now() - interval '{QUICK_SECONDS} seconds' or exists (select 1 from sync.approval where batch_id = :id)
from sync.batch where id = :id
"""
LINKED = "select salesforce_id from sync.link where integration_id = :id and salesforce_id = any(:found) and app_id is not null"
OF_LINKS = "select id from sync.action where batch_id = :id and state in ('planned', 'approved') and link_id = any(:links)"


@contextmanager
def one_creator(batch: Batch, entity: EntitySettings, actions: Sequence[Outgoing], connector: Connector) -> Iterator[set[int]]:
    """Let no other integration of the org make records meanwhile; yield the links of `actions` whose records are there by now.

    Other actions than creates in Salesforce wait for nobody.
    """
    if (actions[0].side, actions[0].operation) != ("salesforce", "create") or not entity.match:
        yield set()
        return
    with ExitStack() as stack:
        has_others = _tells(batch, OTHERS)
        if has_others:
            stack.enter_context(waited_lock(batch.engine, f"creates in {batch.account_ids[0]}"))
        may_be_there = (
            siblings_of(batch.integration.settings, entity) or _tells(batch, SLOW) or (has_others and _tells(batch, MADE))
        )
        yield _leave_made(batch, entity, actions, connector) if may_be_there else set()


def _tells(batch: Batch, question: str) -> bool:
    values = {"id": batch.id, "integration_id": batch.integration_id, "org": batch.account_ids[0]}
    with batch.engine.connect() as connection:
        return bool(connection.scalar(text(question), values))


def _leave_made(batch: Batch, entity: EntitySettings, actions: Sequence[Outgoing], connector: Connector) -> set[int]:
    settings = batch.integration.settings
    kinds = [entity, *(each for each in settings.entities if each.name in siblings_of(settings, entity))]
    found = {each for kind in kinds for key in kind.match for each in _found(batch, kind, actions, connector, key)}
    if not found:
        return set()
    ids = [record_id for record_id, _ in found]
    with batch.engine.begin() as connection:
        linked = set(connection.execute(text(LINKED), {"id": batch.integration_id, "found": ids}).scalars())
        made = list({link for record_id, link in found if record_id not in linked})
        links = leave(connection, batch, text(OF_LINKS), {"id": batch.id, "links": made}, WHY)
    log.info("%s %s: %d records are in Salesforce by now, left to the next run", batch.name, entity.name, len(links))
    return links


def _found(
    batch: Batch, kind: EntitySettings, actions: Sequence[Outgoing], connector: Connector, key: str
) -> Iterator[tuple[str, int]]:
    """Yield the records of `kind` in Salesforce with the link of the create that has the same match key."""
    sent = {action.link_id: str(action.fields[key][1]) for action in actions if action.fields.get(key, (None, None))[1]}
    links: defaultdict[str, list[int]] = defaultdict(list)
    for link, value in sent.items():
        links[value.casefold()].append(link)
    name = key_fields(batch.integration.mappings[kind.name].by_name[key], "salesforce")[0]
    wanted = wanted_fields(batch, kind, "salesforce")
    for page in connector.find(kind.reads_as("salesforce"), name, sorted(set(sent.values())), wanted) if sent else ():
        for record in page.records:
            if str(record.raw.get("IsConverted")).lower() != "true":  # else its contact stands for it
                yield from ((record.id, link) for link in links.get(str(record.raw.get(name) or "").casefold(), ()))
