"""What happens to deleted records: the delete log of getDeleted, the purge, and restoring."""

from datetime import timedelta

from sandbox.salesforce.answers import RowError, RowRefusedError
from sandbox.salesforce.ids import ADMIN_USER_ID
from sandbox.salesforce.moments import stamp
from sandbox.salesforce.org import DELETED, Org


def purge(org: Org) -> None:
    """Remove deleted records whose time in the recycle bin is over; the delete log keeps them."""
    limit = stamp(org.now() - timedelta(days=org.switch("recycle_bin_days")))
    for entry in list(org.store.table(DELETED).values()):
        if entry["deletedDate"] < limit:
            org.store.remove(entry["object"], entry["id"])


def empty(org: Org) -> int:
    """Remove all deleted records for good; returns how many."""
    gone = [entry for entry in org.store.table(DELETED).values() if org.record(entry["object"], entry["id"])]
    for entry in gone:
        org.store.remove(entry["object"], entry["id"])
    return len(gone)


def forget_log(org: Org) -> None:
    """Purge the delete log, as the platform does when it grows too large."""
    for key in list(org.store.table(DELETED)):
        org.store.remove(DELETED, key)
    org.store.set_value("delete_log_start", org.stamp())


def restore(org: Org, name: str, record_id: str) -> None:
    """Take a record out of the recycle bin, with its old id."""
    record = org.record(name, record_id)
    if record is None or not record["IsDeleted"] or not org.object(name).is_restorable:
        raise RowRefusedError(RowError("UNDELETE_FAILED", "Entity is not in the recycle bin"))
    now = org.stamp()
    stamps = {"LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": ADMIN_USER_ID}
    kept = {field: value for field, value in record.items() if field != "MasterRecordId"}
    org.store.put(name, record_id, {**kept, "IsDeleted": False, **stamps})
    org.store.remove(DELETED, record_id)
