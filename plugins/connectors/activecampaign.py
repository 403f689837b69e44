"""ActiveCampaign REST API v3: contacts with tags and list status, deals, accounts. The key carries one user's rights.

Nothing tells of deletions. `contact@<list>` is the contacts on one list, named by its name or string id.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.abreast import send_abreast
from connectors.activecampaign_calls import ActiveCampaignCalls, expect
from connectors.activecampaign_contacts import IDS_PER_CALL, ContactReader, Wish
from connectors.activecampaign_crm import Crm
from connectors.activecampaign_fields import NEW_TYPES, PREFIX, described, word_of
from connectors.activecampaign_parts import Parts
from connectors.activecampaign_shapes import ANSWERS, single
from connectors.activecampaign_writes import ContactWriter
from connectors.connection import Settings
from connectors.contract import Account, Entity, Field, Known, NewField, Page, Result, User, Write, check_entity
from connectors.errors import AuthError, PermanentError
from connectors.pace import Allowance
from connectors.session import Session

DOMAIN = ".api-us1.com"
ENTITIES: Mapping[str, Entity] = {
    "account": Entity("account", "accounts", "id", "updatedTimestamp", has_delete_feed=False),
    "contact": Entity(
        "contact", "contacts", "id", "udate", has_delete_feed=False, ids_per_call=IDS_PER_CALL, creates_in_parts=True
    ),
    "deal": Entity("deal", "deals", "id", "mdate", has_delete_feed=False),
}
WRITERS = 3  # at half a second a call they use up the allowance
ALLOWANCE = Allowance(calls=4.9, seconds=1)  # five, of which a late call must not find a sixth beside it


class ActiveCampaignConnector:
    """Reads and writes one ActiveCampaign account at `base_url` (`https://acme.api-us1.com`)."""

    system = "activecampaign"
    custom_prefix = PREFIX
    entities = ENTITIES

    def __init__(self, base_url: str, api_key: str, session: Session) -> None:
        self._calls = ActiveCampaignCalls(base_url, api_key, session)
        self._parts = Parts(self._calls)
        self._contacts = ContactReader(self._calls, self._parts)
        self._writer = ContactWriter(self._calls, self._parts)
        self._crm = {kind: Crm(self._calls, self._parts, f"{kind}s") for kind in ("deal", "account")}

    def account_id(self) -> str:
        """Return the host name of the account."""
        return str(urlsplit(self._calls.base_url).hostname)

    def ping(self) -> Account:
        """Ask who the key belongs to. The account's id is its host name."""
        ANSWERS.read(self._calls.get("users/me"), single("user"))
        host = self.account_id()
        return Account(host, host, is_sandbox=bool(self._calls.session.loopback))

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the live fields."""
        kind, _ = self._checked(entity)
        if kind == "contact":
            return described(kind, self._parts.contact_fields(), self._parts.lists().values())
        if kind == "deal":
            return described(kind, self._parts.deal_fields(), (), (str(row["title"]) for row in self._parts.stages()))
        return described(kind, None)

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield what changed at or after `since`; None: all. Deletions do not show."""
        kind, name = self._checked(entity)
        if kind == "contact":
            return self._contacts.changes(self._wish(fields, name), since, known)
        return self._crm[kind].changes(fields, since, known)

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield records by id; deleted ones are left out."""
        kind, name = self._checked(entity)
        if kind == "contact":
            return self._contacts.read(self._wish(fields, name), ids)
        return self._crm[kind].read(fields, ids)

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield records by a field: contacts by e-mail or custom field with a filter, others by one walk over all."""
        kind, _ = self._checked(entity)
        if kind == "contact":
            return self._contacts.find(Wish(fields), key, values)
        return self._crm[kind].find(fields, key, values)

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Send the writes, a few at a time; beside fields a contact takes `tags_add` and `tags_remove`."""
        kind, name = self._checked(entity)
        list_id = self._parts.list_id(name) if name and writes else ""
        send: Callable[[Write], Result] = self._crm[kind].write if kind in self._crm else lambda w: self._writer.write(w, list_id)
        yield from send_abreast(send, writes, WRITERS)

    def users(self) -> Sequence[User]:
        """Return the users of the account."""
        rows = self._calls.rows("users")
        return [
            User(str(r["id"]), str(r.get("email") or ""), f"{r.get('firstName', '')} {r.get('lastName', '')}".strip())
            for r in rows
        ]

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Create a field, unless it is there. `name` is with or without `fields.`; the API knows no unique fields, no check boxes."""
        what, _ = self._checked(entity)
        name = name.removeprefix(PREFIX)
        if what == "account":
            raise PermanentError("ActiveCampaign accounts get no fields from Lockstep: make the field in ActiveCampaign.")
        custom = self._parts.contact_fields() if what == "contact" else self._parts.deal_fields()
        if custom.named(name):
            return
        title = label if word_of(label) == name else name
        is_shown = kind != "reference"
        if what == "contact":
            self._create_contact_field(name, title, NEW_TYPES[kind], is_shown)
        else:
            body = {"dealCustomFieldMetum": {"fieldLabel": title, "fieldType": NEW_TYPES[kind], "isFormVisible": int(is_shown)}}
            expect(self._calls.send("POST", "dealCustomFieldMeta", "write", json=body))
        self._parts.forget_fields()

    def _create_contact_field(self, name: str, title: str, kind: str, is_shown: bool) -> None:
        given = {"title": title, "type": kind, "perstag": name, "visible": int(is_shown), "descript": "Kept by Lockstep"}
        answer = expect(self._calls.send("POST", "fields", "write", json={"field": given}))
        row = ANSWERS.read(answer, single("field"))["field"]
        relation = {"fieldRel": {"field": str(row["id"]), "relid": "0"}}  # shown with the contacts of every list
        expect(self._calls.send("POST", "fieldRels", "write", json=relation))
        if str(row.get("perstag") or name).upper() != name.upper():
            raise PermanentError(
                f"ActiveCampaign named the new field {row['perstag']!r}, not {name!r}: "
                f"write fields.{row['perstag']} in the settings."
            )

    def _checked(self, entity: str) -> tuple[str, str]:
        kind, _, name = entity.partition("@")
        check_entity("ActiveCampaign", self.entities, kind)
        return kind, name

    def _wish(self, fields: Sequence[str], name: str) -> Wish:
        return Wish(fields, self._parts.list_id(name) if name else "")


def build(settings: Settings, session: Session, options: Mapping[str, Any]) -> ActiveCampaignConnector:
    """Return the connector of an Airflow connection: the account's API address as host, the API key as password."""
    key = settings.password or settings.text("api_key")
    if not key:
        raise AuthError("The ActiveCampaign connection has no API key: put it into the password field.")
    return ActiveCampaignConnector(address_of(settings), key, session, **options)


def address_of(settings: Settings) -> str:
    """Return the account's address."""
    address = settings.account_address(DOMAIN)
    if not address:
        raise AuthError(
            "The ActiveCampaign connection has no host: write the API URL from Settings, Developer, such as https://acme.api-us1.com."
        )
    return address
