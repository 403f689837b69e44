"""Chosen: what a person said of a record that matched more than one (`sync.decision`), carried out by the next run.

Either it belongs to a certain record on the other side, or (`other_id` is null) to none, so that a new one is made.
"""

from sqlalchemy import Connection, text

from sync.batch import Batch
from sync.settings import EntitySettings, Side

# One partner each, whatever was said: of two choices for one record the later counts.
PAIRS = """
with said as (
  select case d.side when 'salesforce' then d.record_id else d.other_id end as salesforce_id,
    case d.side when 'app' then d.record_id else d.other_id end as app_id, d.decided_at
  from sync.decision d where d.integration_id = :integration_id and d.entity = :entity and d.other_id is not null),
present as (
  select said.* from said join newcomer s on s.side = 'salesforce' and s.record_id = said.salesforce_id
  join newcomer a on a.side = 'app' and a.record_id = said.app_id),
latest as (select distinct on (salesforce_id) * from present order by salesforce_id, decided_at desc),
pair as (select distinct on (app_id) * from latest order by app_id, decided_at desc)
update newcomer n set matched_id = case n.side when 'salesforce' then p.app_id else p.salesforce_id end
from pair p where n.record_id = case n.side when 'salesforce' then p.salesforce_id else p.app_id end
"""

ALONE = """
update newcomer n set is_alone = true from sync.decision d where d.integration_id = :integration_id and d.entity = :entity
  and d.other_id is null and d.side = n.side and d.record_id = n.record_id
"""


def match_chosen(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Pair the newcomers that people paired, and keep from matching those that belong to none."""
    for statement in (PAIRS, ALONE):
        connection.execute(text(statement), {"integration_id": batch.integration_id, "entity": entity.name})


def chosen_ids(connection: Connection, batch: Batch, entity: EntitySettings, side: Side) -> list[str]:
    """The ids on the other side that people chose for this batch's records of `side`, as far as they are not staged yet."""
    query = text(
        "select d.other_id from sync.decision d join staging.raw r on r.batch_id = :id and r.batch_day = :day and r.entity = d.entity"
        " and r.side = d.side and r.record_id = d.record_id and not r.is_deleted"
        " where d.integration_id = :integration_id and d.entity = :entity and d.side = :side and d.other_id is not null"
        f" and not exists (select 1 from sync.link l where l.integration_id = d.integration_id and l.entity = d.entity"
        f"  and l.{side}_id = d.record_id and l.state <> 'pending')"
        " and not exists (select 1 from staging.raw o where o.batch_id = r.batch_id and o.batch_day = r.batch_day"
        "  and o.entity = d.entity and o.side <> d.side and o.record_id = d.other_id)"
    )
    values = {"id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": entity.name, "side": side}
    return list(connection.execute(query, values).scalars())
