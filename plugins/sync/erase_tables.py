"""Our own tables without a person: their rows are removed, and where other rows quote them, the quotation.

Rows of other records that hold the address as one of their values are left where the sync still works with them: both systems hold
the same value, and would bring it back. They are listed, so that somebody can mend them there.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from connectors.erasing import PEOPLE
from sync.erase_person import Key, Person, Role

OPEN_ACTIONS = "('planned', 'approved', 'sending', 'unknown', 'accepted')"
ON_THEIR_WAY = "('sending', 'unknown', 'accepted')"
SET_ASIDE = "[erased]"

PREPARE = """
create temporary table erasing (integration text, entity text, side text, record_id text) on commit drop;
create temporary table erasing_link on commit drop as select null::bigint as id limit 0
"""
LINKS = """
insert into erasing_link select l.id from sync.link l join sync.integration i on i.id = l.integration_id
where exists (select 1 from erasing e where e.integration = i.name and e.entity = l.entity
    and e.record_id = case e.side when 'salesforce' then l.salesforce_id else l.app_id end)
  or (i.name || ' ' || l.entity) = any(:people)
    and exists (select 1 from jsonb_each_text(l.base || l.app_base) v where lower(v.value) = any(:emails))
"""
ALSO = """
insert into erasing select i.name, l.entity, s.side, case s.side when 'salesforce' then l.salesforce_id else l.app_id end
from sync.link l join erasing_link using (id) join sync.integration i on i.id = l.integration_id, (values ('salesforce'), ('app')) s(side)
"""
_OWN = """
exists (select 1 from erasing e join sync.integration i on i.name = e.integration where i.id = t.integration_id
  and e.entity = split_part(t.entity, ':', 1) and {0})
"""
_IS_RECORD = "e.side = t.side and e.record_id = t.record_id"
_IS_PAIR = "e.record_id = case e.side when 'salesforce' then t.salesforce_id else t.app_id end"
_OF_LINK = f"t.link_id in (select id from erasing_link) or {_OWN.format(_IS_PAIR)}"
RECORD, PAIR = _OWN.format(_IS_RECORD), _OWN.format(_IS_PAIR)
DECIDED = _OWN.format("(e.side = t.side and e.record_id = t.record_id or e.side <> t.side and e.record_id = t.other_id)")
OWN_ROWS = {
    "sync.action": _OF_LINK,
    "sync.conflict": _OF_LINK,
    "sync.rejection": RECORD,
    "sync.decision": DECIDED,
    "staging.raw": RECORD,
    "staging.record": RECORD,
    "sync.link": "t.id in (select id from erasing_link)",
}
# History of other records: a row that has the address among its values goes. Nothing is ever sent from it again.
_IS_PAST = "exists (select 1 from sync.batch b where b.id = t.batch_id and b.state not in ('open', 'held', 'planned'))"
HISTORY = {
    "sync.action": (("fields", "extra", "settles"), f"t.state not in {OPEN_ACTIONS}"),
    "sync.conflict": (("base", "salesforce_value", "app_value"), "true"),
    "sync.rejection": (("raw",), "t.closed_at is not null"),
    "staging.raw": (("raw",), _IS_PAST),
    "staging.record": (("fields",), _IS_PAST),
}
# What the sync works with as it stands: values of other records are listed, not changed.
LIVE = {
    "sync.link": (("base", "app_base"), "t.salesforce_id, t.app_id"),
    "sync.rejection": (
        ("raw",),
        "case t.side when 'salesforce' then t.record_id end, case t.side when 'app' then t.record_id end",
    ),
    "sync.action": (("fields", "extra", "settles"), "t.salesforce_id, t.app_id"),
}
KEPT = {
    *((table, column) for table, (columns, _) in (*HISTORY.items(), *LIVE.items()) for column in columns),
    ("sync.mapping", "files"),
    ("sync.schema", "fields"),
    ("sync.erasure", "working"),
    ("sync.erasure", "report"),
}
COLUMNS = """
select c.table_schema || '.' || c.table_name as place, c.column_name, c.data_type from information_schema.columns c
join pg_class p on p.oid = (quote_ident(c.table_schema) || '.' || quote_ident(c.table_name))::regclass
where c.table_schema in ('sync', 'staging') and p.relkind in ('r', 'p') and not p.relispartition
  and c.data_type in ('text', 'json', 'jsonb') order by 1, 2
"""


@dataclass
class Wiped:
    """What became of our tables: rows by table, records of others that hold the address, writes that were on their way."""

    removed: dict[str, int] = field(default_factory=dict)
    cleaned: dict[str, int] = field(default_factory=dict)
    mentions: list[dict[str, Any]] = field(default_factory=list)
    on_their_way: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"removed": self.removed, "cleaned": self.cleaned, "mentions": self.mentions}


def wipe(connection: Connection, person: Person, roles: Iterable[Role]) -> Wiped:
    """Remove a person from every table; return what was done. Can be repeated."""
    _prepare(connection, person, list(roles))
    wiped = Wiped()
    query = f"select count(*) from sync.action t where t.state in {ON_THEIR_WAY} and t.operation = 'create' and ({_OF_LINK})"
    wiped.on_their_way = int(connection.scalar(text(query)) or 0)
    for table, condition in OWN_ROWS.items():
        _count(wiped.removed, table, connection.execute(text(f"delete from {table} t where {condition}")).rowcount)
    addresses = pattern(person.emails)
    if addresses:
        _remove_history(connection, addresses, wiped)
        wiped.mentions = list(_mentions(connection, addresses))
    _clean(connection, pattern([*person.emails, *full_names(person.names), *long_ids(person)]), wiped)
    return wiped


def full_names(names: Iterable[str]) -> list[str]:
    """Return the names that say who it is: a first name alone is a word like others."""
    return sorted(name for name in names if len(name.split()) > 1)


def long_ids(person: Person) -> list[str]:
    """Return the record ids that cannot be taken for another number."""
    return sorted(key.id for key in person.records if len(key.id) >= 15)


def pattern(words: Iterable[str]) -> str:
    """Return the regular expression of Postgres that finds any of `words` in a text or in JSON, blank without any."""
    spelt = sorted({re.escape(each) for word in words for each in (word, word.replace("\\", r"\\").replace('"', r"\""))})
    return rf"(?<![\w.+-])({'|'.join(spelt)})(?![\w-])" if spelt else ""


def _prepare(connection: Connection, person: Person, roles: Sequence[Role]) -> None:
    connection.execute(text("drop table if exists erasing, erasing_link"))
    for statement in PREPARE.split(";"):
        connection.execute(text(statement))
    rows = [
        {"integration": role.integration, "entity": role.entity, "side": side, "record_id": key.id}
        for role in roles
        for key in person.records
        for side in _sides(role, key)
    ]
    if rows:
        connection.execute(text("insert into erasing values (:integration, :entity, :side, :record_id)"), rows)
    people = [f"{role.integration} {role.entity}" for role in roles if {role.salesforce, role.app} & set(PEOPLE)]
    connection.execute(text(LINKS), {"people": people, "emails": sorted(person.emails)})
    connection.execute(text(ALSO))


def _sides(role: Role, key: Key) -> Iterator[str]:
    if key.system == role.integration.removeprefix("salesforce_"):
        yield from ["app"] if key.kind == role.app else []
    elif key.is_salesforce and key.kind == role.salesforce:
        yield "salesforce"


def _remove_history(connection: Connection, addresses: str, wiped: Wiped) -> None:
    for table, (columns, condition) in HISTORY.items():
        query = f"delete from {table} t where {condition} and ({_holds(columns)})"
        _count(wiped.removed, table, connection.execute(text(query), {"words": addresses}).rowcount)


def _mentions(connection: Connection, addresses: str) -> Iterator[dict[str, Any]]:
    for table, (columns, ids) in LIVE.items():
        query = text(
            f"select i.name, t.entity, {ids} from {table} t join sync.integration i on i.id = t.integration_id where {_holds(columns)}"
        )
        for row in connection.execute(query, {"words": addresses}):
            yield {"table": table, "integration": row[0], "entity": row[1], "salesforce_id": row[2], "app_id": row[3]}


def _clean(connection: Connection, words: str, wiped: Wiped) -> None:
    """Take quotations out of every other text: reasons, messages, counts, whatever tables there are."""
    for place, column, kind in connection.execute(text(COLUMNS)).all() if words else ():
        if (place, column) not in KEPT:
            query = text(
                f"update {place} set {column} = regexp_replace({column}::text, :words, :aside, 'gi')::{kind} where {column}::text ~* :words"
            )
            _count(wiped.cleaned, place, connection.execute(query, {"words": words, "aside": SET_ASIDE}).rowcount)


def _holds(columns: Sequence[str]) -> str:
    return " or ".join(f"t.{column}::text ~* :words" for column in columns)


def _count(counts: dict[str, int], table: str, number: int) -> None:
    if number:
        counts[table] = counts.get(table, 0) + number
