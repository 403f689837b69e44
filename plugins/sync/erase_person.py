"""Who is meant: from an address or a record id to every record, address and name of one person, in all systems and in our links."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Engine, text

from connectors.contract import Connector
from connectors.erasing import PEOPLE, Trace, find_by_email, find_by_id, kinds_of
from connectors.errors import PermanentError
from connectors.salesforce_soql import is_id, long_id
from sync.settings import Settings

SALESFORCE = "salesforce"
ROUNDS = 5  # from record to address to record; more would be a chain of different people
KINDS = {"003": "contact", "00Q": "lead"}  # how Salesforce ids begin


class Key(NamedTuple):
    """One record of a person: the name we give the system, the connector's entity, the id there."""

    system: str
    kind: str
    id: str

    @property
    def is_salesforce(self) -> bool:
        """Tell whether the system is a Salesforce org; there may be several, named `salesforce (connection)`."""
        return self.system.partition(" ")[0] == SALESFORCE


class Role(NamedTuple):
    """What one of our entities is: its integration, its name, the kinds of record on both sides."""

    integration: str
    entity: str
    salesforce: str
    app: str


@dataclass
class Person:
    """What is known of somebody. Addresses in small letters."""

    emails: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    records: set[Key] = field(default_factory=set)

    def add(self, system: str, trace: Trace) -> None:
        """Take in what one record says."""
        self.records.add(Key(system, trace.entity, trace.id))
        self.emails |= {email.casefold() for email in trace.emails}
        self.names |= set(trace.names)

    def ids(self, system: str, kind: str) -> list[str]:
        """Return the ids of one kind in one system."""
        return sorted(key.id for key in self.records if key[:2] == (system, kind))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"emails": sorted(self.emails), "names": sorted(self.names), "records": sorted(map(list, self.records))}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Person":
        """Return what `to_json` gave."""
        return cls(set(value.get("emails", ())), set(value.get("names", ())), {Key(*each) for each in value.get("records", ())})


def roles_of(settings: Iterable[Settings]) -> list[Role]:
    """Return what the entities of these integrations are."""
    return [
        Role(each.integration, entity.name, entity.salesforce_entity, entity.app_entity)
        for each in settings
        for entity in each.entities
    ]


def named(systems: Mapping[str, Connector], word: str) -> Person:
    """Return whom `word` names: an e-mail address, or a record as `salesforce:003…` or `freshdesk:123`.

    Raises PermanentError for anything else; its message does not repeat the word.
    """
    system, _, id = word.strip().partition(":")
    if not id and "@" in system:
        return Person(emails={system.casefold()})
    if not id or system not in systems:
        raise PermanentError(
            f"person is neither an e-mail address nor a record: write for example mara@example.com, salesforce:003… or"
            f" freshdesk:123. The systems are {', '.join(systems)}."
        )
    if systems[system].system != "salesforce":
        return Person(records={Key(system, kinds_of(systems[system])[0], id)})
    if not is_id(id) or id[:3] not in KINDS:
        raise PermanentError("This Salesforce id belongs to no contact (003…) and no lead (00Q…); only people are erased.")
    return Person(records={Key(system, KINDS[id[:3]], long_id(id))})


def find(engine: Engine, systems: Mapping[str, Connector], roles: Iterable[Role], start: Person) -> Person:
    """Return everything that can be found of `start`, by address, by link and by what the records found say in their turn.

    Raises the errors of the connectors: what cannot be asked is not taken for empty.
    """
    person, roles = Person(), list(roles)
    emails, records = set(start.emails), set(start.records)
    for _ in range(ROUNDS):
        person.emails |= emails
        person.records |= records
        seen = Person(set(person.emails), set(), set(person.records))
        for name, connector in systems.items():
            for trace in find_by_email(connector, sorted(emails)) if emails else ():
                person.add(name, trace)
            for kind in kinds_of(connector):
                ids = sorted(key.id for key in records if key[:2] == (name, kind))
                for trace in find_by_id(connector, kind, ids):
                    person.add(name, trace)
        person.records |= set(_linked(engine, systems, roles, person))
        emails, records = person.emails - seen.emails, person.records - seen.records
        if not emails and not records:
            break
    return person


LINKS = """
select * from (select i.name, l.entity, l.salesforce_id, l.app_id, exists (
    select 1 from jsonb_each_text(l.base || l.app_base) v where lower(v.value) = any(:emails)) as is_named
  from sync.link l join sync.integration i on i.id = l.integration_id) x
where is_named or salesforce_id = any(:salesforce) or app_id = any(:app)
"""


def _linked(engine: Engine, systems: Mapping[str, Connector], roles: list[Role], person: Person) -> Iterable[Key]:
    """The records that our links put beside those found, in whatever system. Another one's record may have the same number."""
    salesforce = [name for name, connector in systems.items() if connector.system == SALESFORCE] or [SALESFORCE]
    values = {
        "salesforce": [key.id for key in person.records if key.is_salesforce],
        "app": [key.id for key in person.records if not key.is_salesforce],
        "emails": sorted(person.emails),
    }
    known = {(role.integration, role.entity): role for role in roles}
    with engine.connect() as connection:
        rows = connection.execute(text(LINKS), values).all()
    for row in rows:
        role = known.get((row.name, row.entity))
        if role is None or role.salesforce not in PEOPLE or role.app not in PEOPLE:
            continue
        keys = [Key(name, role.salesforce, row.salesforce_id) for name in salesforce if row.salesforce_id]
        app = row.name.removeprefix("salesforce_")
        keys += [Key(app, role.app, row.app_id)] if row.app_id else []
        if row.is_named or not person.records.isdisjoint(keys):
            yield from keys
