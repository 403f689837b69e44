"""Erasing a person: found in all systems, put on the block list, taken away there, looked for again, removed from our own tables.

Two steps: a plan shows what was found, under a code; with that code exactly this is erased. What is begun is kept until it is done,
so that a run that was killed, or met a system that does not answer, goes on where it stopped.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from connectors import erasing
from connectors.contract import Connector
from connectors.errors import PermanentError, SyncError, TransientError, shorten
from sync.database import migrate, to_json
from sync.erase_block import block, email_hash, hashed, read_key, record_hash, require_key
from sync.erase_person import SALESFORCE, Key, Person, Role, find, named
from sync.erase_report import render
from sync.erase_tables import pattern, wipe
from sync.locks import integration_lock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for whom: `word` is an address or `system:id`; with the `code` of a plan it is carried out."""

    word: str
    by: str
    run_id: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Eraser:
    """Where people are erased: the systems by the names we give them, what our entities are, our tables."""

    engine: Engine
    systems: Mapping[str, Connector]
    roles: Sequence[Role]

    def plan(self, ask: Ask) -> dict[str, Any]:
        """Find a person and change nothing; return what was found, with the code that carries it out."""
        migrate(self.engine)
        key = read_key()
        person = find(self.engine, self.systems, self.roles, named(self.systems, ask.word))
        told = {"state": "planned", "code": code_of(key, person), **_counts(person)}
        return {**told, "systems": self._found(person), "elsewhere": self._elsewhere(person)}

    def erase(self, ask: Ask) -> dict[str, Any]:
        """Erase what the plan with this code has found; return the proof. Done already, it is only told again.

        Raises TransientError or PermanentError with all that is left, PermanentError when something else is found than was planned.
        """
        migrate(self.engine)
        key = read_key()
        with ExitStack() as locks:
            with self.engine.connect() as connection:
                require_key(connection)
                names = connection.execute(text("select distinct name from sync.integration order by 1")).scalars().all()
            for name in names:
                locks.enter_context(integration_lock(self.engine, name))
            begun = _begun(self.engine, ask.code)
            if begun and begun.state == "done":
                return dict(begun.report)
            if begun:
                return self._carry_out(key, ask, self._resumed(ask, begun), begun.id)
            person = find(self.engine, self.systems, self.roles, named(self.systems, ask.word))
            if code_of(key, person) != ask.code:
                raise PermanentError(
                    f"{ask.code!r} is not the code of what is found now: look at it with dry_run and confirm with its code."
                )
            return self._carry_out(key, ask, person, _begin(self.engine, ask, person))

    def _resumed(self, ask: Ask, begun: Any) -> Person:
        """Return whom an erasure is about that was begun: exactly those records that its plan has found."""
        person, start = Person.from_json(begun.working), named(self.systems, ask.word)
        if not (start.emails <= person.emails and start.records <= person.records):
            raise PermanentError(f"{ask.code!r} is the code of a plan for somebody else, or one that a later plan has overtaken.")
        return person

    def _carry_out(self, key: bytes, ask: Ask, person: Person, erasure_id: int) -> dict[str, Any]:
        with self.engine.begin() as connection:
            block(connection, key, erasure_id, self._hashes(key, person))
        outcomes = {name: self._erase_in(name, connector, person) for name, connector in self.systems.items()}
        with self.engine.begin() as connection:
            wiped = wipe(connection, person, self.roles)
        left = [f"{name}: {why}" for name, each in outcomes.items() for why in each.left]
        if wiped.on_their_way:
            left.append(f"{wiped.on_their_way} new records were on their way to a system: run again when they have arrived")
        report = {
            "state": "left" if left else "done", "code": ask.code, "asked_by": ask.by, "run_id": ask.run_id,
            "at": datetime.now(UTC).isoformat(timespec="seconds"), **_counts(person),
            "systems": {name: each.to_json() for name, each in outcomes.items()}, "tables": wiped.to_json(), "left": left,
            "elsewhere": self._elsewhere(person),
        }  # fmt: skip
        _finish(self.engine, erasure_id, report, person)
        log.info("%s", render(report))
        if left:
            kind = TransientError if any(each.may_pass for each in outcomes.values()) or wiped.on_their_way else PermanentError
            raise kind(f"The person is not erased everywhere; the same run again goes on with it. Left: {'; '.join(left)}")
        return report

    def _erase_in(self, name: str, connector: Connector, person: Person) -> "_Outcome":
        """Erase in one system and look again; trouble there does not stop the others."""
        outcome = _Outcome(remainder=erasing.shape_of(connector.system).remainder)
        silent = pattern([*person.emails, *person.names])
        try:
            for kind in erasing.kinds_of(connector):
                ids = person.ids(name, kind)
                for result in erasing.erase(connector, kind, ids) if ids else ():
                    outcome.answers[f"{kind} {result.id}"] = _without(silent, result.message or result.code)
                there = erasing.remaining(connector, kind, ids)
                outcome.gone += [f"{kind} {id}" for id in ids if id not in there]
                outcome.left += [
                    f"{kind} {id} is still there. {outcome.answers.get(f'{kind} {id}', '')}".strip() for id in ids if id in there
                ]
            known = {key for key in person.records if key.system == name}
            again = {Key(name, each.entity, each.id) for each in erasing.find_by_email(connector, sorted(person.emails))} - known
            outcome.left += [f"{key.kind} {key.id} has the address, too, and was not planned" for key in sorted(again)]
        except SyncError as error:
            outcome.may_pass = isinstance(error, TransientError)
            outcome.left.append(_without(silent, shorten(str(error))))
        return outcome

    def _hashes(self, key: bytes, person: Person) -> dict[str, str]:
        hashes = {email_hash(key, email): "email" for email in person.emails}
        accounts = self._accounts()
        for each in person.records:
            system = SALESFORCE if each.is_salesforce else each.system
            for account_id in accounts[system]:
                hashes[record_hash(key, system, account_id, each.kind, each.id)] = "record"
        return hashes

    def _accounts(self) -> Mapping[str, set[str]]:
        """Every org and account that a run has spoken to, or that we speak to now, by system."""
        accounts: dict[str, set[str]] = defaultdict(set)
        with self.engine.connect() as connection:
            for name, org_id, account_id in connection.execute(text("select name, org_id, account_id from sync.integration")):
                accounts[SALESFORCE].add(org_id)
                accounts[name.removeprefix("salesforce_")].add(account_id)
        for connector in self.systems.values():
            accounts[connector.system].add(connector.account_id())
        return accounts

    def _elsewhere(self, person: Person) -> list[str]:
        """The records that are not erased, for their system was not chosen; the sync leaves them alone from now on."""
        return [f"{key.system} {key.kind} {key.id}" for key in sorted(person.records) if key.system not in self.systems]

    def _found(self, person: Person) -> dict[str, Any]:
        return {
            name: {"found": [f"{kind} {id}" for kind in erasing.kinds_of(connector) for id in person.ids(name, kind)]}
            for name, connector in self.systems.items()
        }


@dataclass
class _Outcome:
    """What became of a person in one system."""

    remainder: str
    gone: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    may_pass: bool = False

    def to_json(self) -> dict[str, Any]:
        notes = {record: words for record, words in self.answers.items() if words and record in self.gone}
        return {"gone": self.gone, "left": self.left, "notes": notes, "remains": self.remainder if self.gone else ""}


def code_of(key: bytes, person: Person) -> str:
    """Return the code of what was found: the same for the same findings, and no other."""
    parts = [*sorted(person.emails), *("\x1e".join(each) for each in sorted(person.records))]
    mark = hashed(key, "plan", *parts)
    return f"{mark[:4]}-{mark[4:8]}-{mark[8:12]}"


def _counts(person: Person) -> dict[str, Any]:
    return {"addresses": len(person.emails), "records": len(person.records)}


def _begun(engine: Engine, code: str) -> Any:
    query = text("select id, state, working, report from sync.erasure where code = :code")
    with engine.connect() as connection:
        return connection.execute(query, {"code": code}).one_or_none()


def _begin(engine: Engine, ask: Ask, person: Person) -> int:
    query = text(
        "insert into sync.erasure (code, asked_by, run_id, working) values (:code, :by, :run_id, cast(:working as jsonb)) returning id"
    )
    values = {"code": ask.code, "by": ask.by, "run_id": ask.run_id, "working": to_json(person.to_json())}
    with engine.begin() as connection:
        return int(connection.execute(query, values).scalar_one())


def _finish(engine: Engine, erasure_id: int, report: Mapping[str, Any], person: Person) -> None:
    """Keep the proof. Whom it was about is forgotten once nothing is left, by former tries of the same, too."""
    query = text("update sync.erasure set state = :state, report = cast(:report as jsonb), ended_at = now() where id = :id")
    forget = text("update sync.erasure set working = '{}' where id = :id or working->'emails' <@ cast(:emails as jsonb)")
    with engine.begin() as connection:
        connection.execute(query, {"state": report["state"], "report": to_json(report), "id": erasure_id})
        if report["state"] == "done":
            connection.execute(forget, {"id": erasure_id, "emails": to_json(sorted(person.emails))})


def _without(silent: str, words: str) -> str:
    """Return an API's words without the person in them."""
    return shorten(re.sub(silent, "[erased]", words, flags=re.IGNORECASE)) if silent else shorten(words)
