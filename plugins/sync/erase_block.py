"""The block list: keyed hashes of the addresses and record ids of erased people, who never come in again.

Every record that a run reads passes `without_erased` before it is staged, so that an erased person is neither matched nor made
anywhere, whichever way the record came. Without its key the list says nothing about anybody.
"""

import hashlib
import hmac
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from connectors.contract import Record
from connectors.erasing import PEOPLE, Shape, shape_of
from connectors.errors import PermanentError
from sync.settings import EntitySettings, Side

if TYPE_CHECKING:
    from sync.batch import Batch

VARIABLE = "LOCKSTEP_ERASURE_KEY"
CONNECTION = "lockstep_erasure"
KEY_LENGTH = 32
MARK = "lockstep block list"
log = logging.getLogger(__name__)


def read_key() -> bytes:
    """Return the key of the block list: the environment variable, else the password of the Airflow connection.

    Raises PermanentError where there is none, or one that could be guessed.
    """
    key = os.environ.get(VARIABLE) or _connection_key()
    if len(key) < KEY_LENGTH:
        raise PermanentError(
            f"The block list of erased people needs a key of at least {KEY_LENGTH} characters: set {VARIABLE}, or the password of the"
            f" Airflow connection {CONNECTION}, for example to the output of `openssl rand -hex 32`, and keep it as long as the list."
        )
    return key.encode()


def _connection_key() -> str:
    from connectors.opening import stored_connection

    try:
        return str(stored_connection(CONNECTION).password or "")
    except PermanentError:
        return ""


def hashed(key: bytes, *parts: str) -> str:
    """Return the keyed hash of `parts`."""
    return hmac.digest(key, "\x1f".join(parts).encode(), hashlib.sha256).hex()


def email_hash(key: bytes, email: str) -> str:
    """Return the hash of an address, whatever its case."""
    return hashed(key, "email", email.strip().casefold())


def record_hash(key: bytes, system: str, account_id: str, kind: str, id: str) -> str:
    """Return the hash of one record; Salesforce ids say their kind themselves."""
    return hashed(key, "record", system, account_id, "" if system == "salesforce" else kind, id)


def block(connection: Connection, key: bytes, erasure_id: int, hashes: Mapping[str, str]) -> None:
    """Put hashes, each with its kind, on the list."""
    rows = [{"hash": each, "kind": kind, "mark": hashed(key, MARK), "id": erasure_id} for each, kind in hashes.items()]
    query = "insert into sync.erased (hash, kind, key_mark, erasure_id) values (:hash, :kind, :mark, :id) on conflict do nothing"
    if rows:
        connection.execute(text(query), rows)


def allow_again(connection: Connection, key: bytes, email: str) -> bool:
    """Take an address off the list, for somebody who has come back; tell whether it was there."""
    query = text("delete from sync.erased where hash = :hash")
    return bool(connection.execute(query, {"hash": email_hash(key, email)}).rowcount)


def require_key(connection: Connection) -> bytes | None:
    """Return the key that the list was made with, None while it is empty. Raises PermanentError for another one or none."""
    marks = set(connection.execute(text("select distinct key_mark from sync.erased")).scalars())
    if not marks:
        return None
    key = read_key()
    if marks != {hashed(key, MARK)}:
        raise PermanentError(
            f"The block list of erased people was made with another key than the one in {VARIABLE} or {CONNECTION}; nothing is read,"
            " lest somebody erased come in again. Set the former key."
        )
    return key


def without_erased(
    connection: Connection, batch: "Batch", entity: EntitySettings, side: Side, records: Iterable[Record]
) -> list[Record]:
    """Return `records` without those of erased people; how many these were is kept with the batch, and nothing else."""
    records = list(records)
    key = require_key(connection) if records else None
    if key is None:
        return records
    hashes = {record.id: _hashes(key, batch, entity, side, record) for record in records}
    wanted = sorted({each for found in hashes.values() for each in found})
    query = text("select hash from sync.erased where hash = any(:hashes)")
    listed = set(connection.execute(query, {"hashes": wanted}).scalars())
    kept = [record for record in records if listed.isdisjoint(hashes[record.id])]
    _note(
        connection, batch, entity, side, sum(not each.is_deleted for each in records) - sum(not each.is_deleted for each in kept)
    )
    return kept


def _hashes(key: bytes, batch: "Batch", entity: EntitySettings, side: Side, record: Record) -> set[str]:
    system = "salesforce" if side == "salesforce" else batch.integration.settings.app
    account_id = batch.account_ids[0 if side == "salesforce" else 1]
    kind = entity.salesforce_entity if side == "salesforce" else entity.app_entity
    own = {record_hash(key, system, account_id, kind, record.id)}
    if kind not in PEOPLE:
        return own
    return own | {email_hash(key, each) for each in _emails(batch, entity, side, shape_of(system), record.raw)}


def _emails(batch: "Batch", entity: EntitySettings, side: Side, shape: Shape, raw: Mapping[str, Any]) -> Sequence[str]:
    """The addresses by which a record could be matched or written to."""
    rows = batch.integration.mappings[entity.name].rows
    mapped = (name for row in rows if row.name in entity.match for name in row.fields(side))
    values = (raw.get(name) for name in {*shape.emails, *shape.more_emails, *mapped})
    listed = [each for value in values for each in (value if isinstance(value, list | tuple) else [value])]
    return [each for each in listed if isinstance(each, str) and "@" in each]


def _note(connection: Connection, batch: "Batch", entity: EntitySettings, side: Side, number: int) -> None:
    if not number:
        return
    log.warning("%s %s: %d records in %s belong to erased people and take no part", batch.name, entity.name, number, side)
    query = text(
        "update sync.batch set counts = jsonb_set(counts, '{erased}', coalesce(counts->'erased', '{}') || jsonb_build_object("
        "cast(:name as text), coalesce((counts->'erased'->>:name)::int, 0) + :number)) where id = :id"
    )
    connection.execute(query, {"id": batch.id, "name": f"{entity.name} {side}", "number": number})
