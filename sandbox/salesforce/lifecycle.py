"""What people and the platform do to records besides the API: merge, convert, undelete, touch, expire."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.salesforce import customfields, keys, recyclebin, saving, sessions
from sandbox.salesforce.ids import ADMIN_USER_ID, INTEGRATION_USER_ID, full_id
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import found, insert
from sandbox.salesforce.seeding import add_cross_reference
from sandbox.store import Store

MERGE_LIMIT = 3


def merge(store: Store, kind: str, winner: str, losers: Sequence[str]) -> None:
    """Merge up to two losers into the winner: they are deleted and point at it, their children move to it."""
    org = Org(store)
    if not OBJECTS[kind].is_mergeable or not 1 <= len(losers) < MERGE_LIMIT:
        raise ValueError("one or two losers of a mergeable object")
    kept = found(org, kind, winner)
    for text in losers:
        loser = found(org, kind, text)
        _move_children(org, kind, loser["Id"], kept["Id"])
        saving.bury(org, OBJECTS[kind], loser, ADMIN_USER_ID, MasterRecordId=kept["Id"])
    if org.switch("merge_moves_winner"):
        _stamped(org, kind, kept["Id"], {})


def convert_lead(
    store: Store, lead: str, account: str | None = None, contact: str | None = None, opportunity: str | None = None
) -> dict[str, Any]:
    """Convert a lead into a contact of an account; made new unless ids are given. `opportunity` names a new one."""
    org = Org(store)
    old = found(org, "Lead", lead)
    if old.get("IsConverted"):
        raise ValueError("the lead is converted already")
    account_id = account or _insert(org, "Account", {"Name": old["Company"], **_copied(old, ("Phone", "Website"))})
    contact_id = contact or _insert(org, "Contact", {**_copied(old, _PERSON), **_address(old), "AccountId": account_id})
    sale = {"Name": opportunity, "AccountId": account_id, "StageName": "Prospecting"}
    sale["CloseDate"] = org.now().date().isoformat()
    opportunity_id = _insert(org, "Opportunity", sale) if opportunity else None
    ids = {
        "ConvertedAccountId": account_id,
        "ConvertedContactId": contact_id,
        "ConvertedOpportunityId": opportunity_id,
    }
    converted = {"IsConverted": True, "Status": "Closed - Converted", "ConvertedDate": org.now().date().isoformat()}
    _stamped(org, "Lead", old["Id"], {**converted, **ids})
    return ids


def undelete(store: Store, kind: str, id: str) -> None:
    """Restore a record from the recycle bin."""
    recyclebin.restore(Org(store), kind, str(full_id(id)))


def touch(store: Store, kind: str, id: str) -> None:
    """Move SystemModstamp alone, as background jobs of the platform do."""
    org = Org(store)
    record = found(org, kind, id)
    store.put(kind, record["Id"], {**record, "SystemModstamp": org.stamp()})


def add_field(store: Store, full_name: str, metadata: Mapping[str, Any] | None = None) -> None:
    """Create a custom field that the integration user sees: by Tooling metadata, or a cross-reference without any."""
    if metadata is None:
        add_cross_reference(Org(store), full_name)
    else:
        customfields.add(store, full_name, metadata)
        customfields.grant(store, full_name)


def hide_field(store: Store, full_name: str) -> None:
    """Hide a custom field from the integration user: to the API it is gone."""
    customfields.hide(store, full_name)


def empty_recycle_bin(store: Store) -> int:
    """Remove all deleted records for good; answers how many."""
    return recyclebin.empty(Org(store))


def purge_delete_log(store: Store) -> None:
    """Forget which records were deleted: getDeleted then refuses windows that begin before now."""
    recyclebin.forget_log(Org(store))


def expire_tokens(store: Store) -> None:
    """End every session."""
    sessions.expire_all(Org(store))


def issue_token(store: Store) -> str:
    """Answer a new access token of the integration user."""
    return sessions.open_session(Org(store), INTEGRATION_USER_ID)


def jwt_private_key(store: Store) -> str:
    """Answer the PEM of the sandbox's own private key for JWT logins."""
    return keys.private_key(Org(store))


def _move_children(org: Org, kind: str, loser_id: str, winner_id: str) -> None:
    for child in OBJECTS.values():
        for field in child.fields:
            if kind in field.references and field.name not in ("MasterRecordId", "CreatedById", "LastModifiedById"):
                for key in org.store.find(child.name, field.name, loser_id):
                    _stamped(org, child.name, str(key), {field.name: winner_id})


def _stamped(org: Org, kind: str, record_id: str, fields: Mapping[str, Any]) -> None:
    now = org.stamp()
    stamps = {"LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": ADMIN_USER_ID}
    record = {**(org.record(kind, record_id) or {}), **fields, **stamps}
    org.store.put(kind, record_id, {name: value for name, value in record.items() if value is not None})


def _insert(org: Org, kind: str, fields: Mapping[str, Any]) -> str:
    return str(insert(org, kind, [fields])[0])


def _copied(record: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}


def _address(lead: Mapping[str, Any]) -> dict[str, Any]:
    """The address of a lead becomes the mailing address of its contact."""
    return {f"Mailing{name}": lead[name] for name in _ADDRESS if name in lead}


_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
_PERSON = (
    "FirstName", "LastName", "Salutation", "Title", "Email", "Phone", "MobilePhone", "Fax", "LeadSource",
    "HasOptedOutOfEmail", "DoNotCall", "Description",
)  # fmt: skip
ACTIONS: Mapping[str, Callable[..., Any]] = {
    "merge": merge,
    "convert_lead": convert_lead,
    "undelete": undelete,
    "touch": touch,
    "add_field": add_field,
    "hide_field": hide_field,
    "empty_recycle_bin": empty_recycle_bin,
    "purge_delete_log": purge_delete_log,
    "expire_tokens": expire_tokens,
    "issue_token": issue_token,
    "jwt_private_key": jwt_private_key,
}
