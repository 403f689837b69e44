"""Remapped: common fields that stand for another raw field than when their records were settled. What was agreed of them is void."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from connectors.errors import MappingError
from sync.batch import Batch, load_stored
from sync.settings import EntitySettings

FORMER = """
select distinct m.digest, m.files from sync.mapping m where m.digest <> :digest and m.digest in (
  select b.mapping_digest from moved v join sync.link l on l.id = v.id join sync.batch b on b.id = l.batch_id)
"""
FORGET = """
update sync.link l set base = l.base - cast(:names as text[]), app_base = l.app_base - cast(:names as text[]) from moved v, sync.batch b
where v.id = l.id and b.id = l.batch_id and b.mapping_digest = :digest
"""


def forget_remapped(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Forget of the links in `moved` what fields were settled on whose row names other raw fields by now: the new field was never
    settled, so that it is not emptied, nor empties the other side, for what the old one held."""
    query = text(FORMER)
    for digest, files in connection.execute(query, {"digest": batch.integration.digest}).all():
        names = _remapped(batch, entity, files)
        if names:
            connection.execute(text(FORGET), {"names": names, "digest": digest})


def _remapped(batch: Batch, entity: EntitySettings, files: Mapping[str, str]) -> list[str]:
    """The common fields whose raw fields differ; none under a mapping that cannot be read any more."""
    try:
        former = load_stored(batch.name, files).mappings.get(entity.name)
    except MappingError:
        return []
    rows = former.rows if former else ()
    now = {row.name: (row.salesforce_fields, row.app_fields) for row in batch.integration.mappings[entity.name].rows}
    return [row.name for row in rows if now.get(row.name, ()) not in ((), (row.salesforce_fields, row.app_fields))]
