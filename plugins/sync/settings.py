"""What `settings.yaml` says about one integration: schedule, direction, who wins, entities and their policies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from connectors.errors import MappingError
from sync.documents import Section, read_document
from sync.files import Problem

Side = Literal["salesforce", "app"]

FILE = "settings.yaml"
SIDES: tuple[Side, Side] = ("salesforce", "app")
TOWARDS: dict[Side, str] = {"app": "to_app", "salesforce": "to_salesforce"}
CRONS = {"15 minutes": "*/15 * * * *", "30 minutes": "*/30 * * * *", "hourly": "0 * * * *", "daily": "0 3 * * *"}
DIRECTIONS = ("both", "to_app", "to_salesforce")
MASTERS = ("merge", "salesforce", "app")
HISTORIES = ("none", "all")
USER = "user"  # what owns records: no entity of the settings
TAKEN_NAMES = ("values", "users", USER)  # their CSV files hold something else
DELETES = ("ignore", "flag", "delete")
INITIAL_LOADS = ("merge", "replace")
STATUS_PARTS = ("state", "time")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}$")
_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+$")


@dataclass(frozen=True, slots=True)
class EntitySettings:
    """The policies of one entity; direction, master and prefer are final (the integration's where it is silent)."""

    name: str
    salesforce_entity: str
    app_entity: str
    enabled: bool = True
    direction: str = "both"
    master: str = "merge"
    prefer: str = "salesforce"
    salesforce_reference: str | None = None
    app_references: tuple[str, ...] = ()
    match: tuple[str, ...] = ()
    require_any: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # "to_app", "to_salesforce" → common fields
    unique: tuple[str, ...] = ()
    deletes: Mapping[str, str] = field(default_factory=dict)  # "to_app", "to_salesforce" → a word of DELETES
    filters: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)  # side → raw field → values
    new_since: Mapping[str, str] = field(default_factory=dict)  # side → raw field with the time a record came to be
    options: Mapping[str, Any] = field(default_factory=dict)
    list_name: str = ""  # the app's list (campaign) whose members these records are
    assignment_rules: bool = False  # Salesforce assigns owners by its own rules
    status_fields: Mapping[str, str] = field(default_factory=dict)  # "state", "time" → Salesforce field

    @property
    def flag_fields(self) -> Mapping[str, str]:
        """The check box to tick on the other side of a deletion, by "to_app", "to_salesforce"."""
        given = self.options.get("flag_fields")
        return {way: name for way, name in given.items() if isinstance(name, str)} if isinstance(given, dict) else {}

    def writes_to(self, side: Side) -> bool:
        """Tell whether records of this entity are written to `side`."""
        return self.direction in ("both", TOWARDS[side])

    def passes(self, side: Side, raw: Mapping[str, Any]) -> bool:
        """Tell whether a raw record of `side` passes the filter: each named field has one of its values (as text)."""
        return all(_as_text(raw.get(name)) in values for name, values in self.filters.get(side, {}).items())

    def reads_as(self, side: Side) -> str:
        """Return the connector's entity name on `side`, `contact@newsletter` for the members of an app's list."""
        if side == "salesforce":
            return self.salesforce_entity
        return f"{self.app_entity}@{self.list_name}" if self.list_name else self.app_entity


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one integration. `entities` stand in file order, which is the order of writing."""

    integration: str
    app: str
    schedule: str = "30 minutes"
    salesforce_connection: str = "salesforce_default"
    app_connection: str = ""
    direction: str = "both"
    master: str = "merge"
    prefer: str = "salesforce"
    history: str = "none"
    overlap_minutes: int = 10
    staging_days: int = 14
    rejected_share: float = 0.5
    rejected_minimum: int = 50
    on_rejected: str = "fail"  # a run that newly rejects records ends failed, its work being done
    recipients: tuple[str, ...] = ()
    mail_pushes: bool = False  # a mail also after every run with record_ids, however it went
    consent_confirmed: bool | None = None  # None: this integration does not ask
    initial_load: str = "merge"
    replace_confirmed: bool = False
    accepted_hours: int = 24
    default_users: Mapping[str, str] = field(default_factory=dict)  # side → id, e-mail or name
    entities: tuple[EntitySettings, ...] = ()
    content: Any = field(default=None, repr=False)  # everything written in the file, as plain values
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)  # key → line, column

    @property
    def cron(self) -> str:
        """The schedule as a cron expression."""
        return CRONS[self.schedule]

    def place(self, *keys: str) -> tuple[int, int]:
        """Return line and column of `keys`, or of the nearest section above that is there."""
        while keys and ".".join(keys) not in self.places:
            keys = keys[:-1]
        return self.places.get(".".join(keys), (1, 1))


def load(folder: Path) -> Settings:
    """Return the settings in `folder`. Raises MappingError with every problem of settings.yaml."""
    problems: list[Problem] = []
    settings = read(folder, problems)
    errors = sorted(problem for problem in problems if problem.severity == "error")
    if errors or settings is None:
        raise MappingError([str(problem) for problem in errors])
    return settings


def read(folder: Path, problems: list[Problem]) -> Settings | None:
    """Return the settings in `folder` as far as they can be read; every problem is added to `problems`."""
    top = read_document(folder / FILE, problems)
    return None if top is None else _read_settings(top)


def _read_settings(top: Section) -> Settings:
    app = _name(top, "app")
    connections = top.section("connections")
    limit = top.section("rejection_limit")
    direction = top.choice("direction", DIRECTIONS, "both")
    master = top.choice("master", MASTERS, "merge")
    prefer = top.choice("prefer", SIDES, "salesforce")
    settings = Settings(
        integration=f"salesforce_{app}",
        app=app,
        schedule=top.choice("schedule", list(CRONS), "30 minutes"),
        salesforce_connection=connections.text("salesforce", "salesforce_default"),
        app_connection=connections.text("app", f"{app}_default"),
        direction=direction,
        master=master,
        prefer=prefer,
        history=top.choice("history", HISTORIES, "none"),
        overlap_minutes=top.whole("overlap_minutes", 10, 0, 1440),
        staging_days=top.whole("staging_days", 14, 1, 3650),
        rejected_share=limit.share("share", 0.5),
        rejected_minimum=limit.whole("minimum", 50, 0, 1_000_000),
        on_rejected=top.choice("on_rejected", ("fail", "succeed"), "fail"),
        recipients=_recipients(top),
        mail_pushes=top.flag("mail_pushes", False),
        consent_confirmed=top.flag("consent_confirmed", False) if top.has("consent_confirmed") else None,
        initial_load=top.choice("initial_load", INITIAL_LOADS, "merge"),
        replace_confirmed=top.flag("replace_confirmed", False),
        accepted_hours=top.whole("accepted_hours", 24, 1, 720),
        default_users=_read_users(top.section("users")),
        entities=_read_entities(top.section("entities"), (direction, master, prefer)),
        content=top.content(),
        places=top.places,
    )
    if not settings.entities:
        top.report("entities", "no entity is named; add a section such as `contact:` with its lists")
    for section in (connections, limit, top):
        section.close()
    return settings


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name(section: Section, key: str) -> str:
    name = section.text(key)
    if not _NAME.match(name):
        section.report(key, f"'{name[:60]}' cannot name an app; write small letters, digits and _, for example freshdesk")
    return name


def _recipients(top: Section) -> tuple[str, ...]:
    addresses = top.words("recipients")
    for address in addresses:
        if not _ADDRESS.match(address):
            top.report("recipients", f"'{address[:60]}' is not a mail address")
    return addresses


def _read_users(users: Section) -> dict[str, str]:
    default = users.section("default")
    found = {side: name for side in SIDES if (name := default.text(side))}
    default.close()
    users.close()
    return found


def _read_status(status: Section) -> dict[str, str]:
    salesforce = status.section("salesforce")
    found = {part: name for part in STATUS_PARTS if (name := salesforce.text(part))}
    for part in STATUS_PARTS if found else ():
        if part not in found:
            salesforce.report(part, "name both fields: state for the words, time for the moment of the last sync")
    salesforce.close()
    status.close()
    return found


def _read_entities(entities: Section, outer: tuple[str, str, str]) -> tuple[EntitySettings, ...]:
    known = []
    for name in entities.keys():  # noqa: SIM118 — a Section is no dict
        entity = _read_entity(name, entities.section(name), outer)
        if _NAME.match(name) and name not in TAKEN_NAMES:
            known.append(entity)
        else:
            entities.report(name, f"'{name[:60]}' cannot name an entity; write small letters, digits and _, for example contact")
    return tuple(known)


def _read_entity(name: str, section: Section, outer: tuple[str, str, str]) -> EntitySettings:
    direction, master, prefer = outer
    parts = ("reference", "deletes", "require_any", "filter", "new_since")
    reference, deletes, required, filters, births = map(section.section, parts)
    entity = EntitySettings(
        name=name,
        salesforce_entity=section.text("salesforce", name),
        app_entity=section.text("app", name),
        enabled=section.flag("enabled", True),
        direction=_narrow(section, direction),
        master=section.choice("master", MASTERS, master),
        prefer=section.choice("prefer", SIDES, prefer),
        salesforce_reference=reference.text("salesforce") or None,
        app_references=reference.words("app"),
        match=section.words("match"),
        require_any={way: required.words(way) for way in TOWARDS.values()},
        unique=section.words("unique"),
        deletes={way: deletes.choice(way, DELETES, "ignore") for way in TOWARDS.values()},
        filters={side: _read_filter(filters.section(side)) for side in SIDES},
        new_since={side: name for side in SIDES if (name := births.text(side))},
        options=section.free("options"),
        list_name=section.text("list"),
        assignment_rules=section.flag("assignment_rules", False),
        status_fields=_read_status(section.section("status")),
    )
    for way, word in entity.deletes.items():
        if word == "flag" and way not in entity.flag_fields:
            deletes.report(way, f"flag ticks a check box; name it as options: {{flag_fields: {{{way}: its API name}}}}")
    for part in (reference, deletes, required, filters, births, section):
        part.close()
    return entity


def _narrow(section: Section, outer: str) -> str:
    own = section.choice("direction", DIRECTIONS, outer)
    if outer in ("both", own):
        return own
    if own == "both":
        return outer
    section.report("direction", f"'{own}' leaves nothing, for the integration's direction is '{outer}'; change one of them")
    return outer


def _read_filter(section: Section) -> dict[str, tuple[str, ...]]:
    return {name: section.words(name) for name in section.keys()}  # noqa: SIM118 — a Section is no dict
