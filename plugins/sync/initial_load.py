"""The initial load that replaces: until an entity was loaded once, the app shall hold what Salesforce has and nothing else."""

from sqlalchemy import Connection, text

from sync.batch import Batch
from sync.settings import EntitySettings

NOTICE = "initial_load is replace: what the app has and Salesforce does not is deleted there, so a person approves this plan"


def replaces(connection: Connection, batch: Batch, entity: EntitySettings) -> bool:
    """Tell whether this batch is the initial load of `entity`, and the settings want it to replace."""
    request = batch.request
    is_meant = batch.integration.settings.initial_load == "replace" and entity.writes_to("app")
    if not is_meant or not request.is_whole or request.since:
        return False
    query = text("select not exists (select 1 from sync.watermark where integration_id = :id and entity = :entity)")
    return bool(connection.scalar(query, {"id": batch.integration_id, "entity": entity.name}))


def notices(connection: Connection, batch: Batch) -> list[str]:
    """Say why such a plan waits for a person, once for all entities."""
    return [NOTICE] if any(replaces(connection, batch, entity) for entity in batch.entities()) else []
