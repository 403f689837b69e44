"""What `settings.yaml` says about one integration: schedule, direction, who wins, entities and their policies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.errors import MappingError
from sync.documents import Section, read_document
from sync.entity_settings import DIRECTIONS, MASTERS, SIDES, TOWARDS, EntitySettings, Side, read_entity
from sync.files import Problem
from sync.guard_settings import Audit, Budget, Guard, read_audit, read_budgets, read_guard

__all__ = ["FILE", "SIDES", "TOWARDS", "EntitySettings", "Settings", "Side", "load", "read"]

FILE = "settings.yaml"
CRONS = {"15 minutes": "*/15 * * * *", "30 minutes": "*/30 * * * *", "hourly": "0 * * * *", "daily": "0 3 * * *"}
HISTORIES = ("none", "all")
USER = "user"  # what owns records: no entity of the settings
TAKEN_NAMES = ("every", "values", "users", USER)  # their CSV files hold something else
INITIAL_LOADS = ("merge", "replace")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}$")
_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+$")


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
    guard: Guard = field(default_factory=Guard)
    budgets: Mapping[str, Budget] = field(default_factory=dict)  # by side
    audit: Audit = field(default_factory=Audit)
    default_users: Mapping[str, str] = field(default_factory=dict)  # side → id, e-mail or name
    entities: tuple[EntitySettings, ...] = ()
    content: Any = field(default=None, repr=False)  # everything written in the file, as plain values
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)  # key → line, column

    @property
    def cron(self) -> str:
        """The schedule as a cron expression."""
        return CRONS[self.schedule]

    @property
    def salesforce_options(self) -> dict[str, Any]:
        """What the connector to Salesforce has to know of the entities; several may be kept with one kind of record."""
        references: dict[str, tuple[str, ...]] = {}
        for each in self.entities:
            named = (*references.get(each.salesforce_entity, ()), each.salesforce_reference or "")
            references[each.salesforce_entity] = tuple(dict.fromkeys(name for name in named if name))
        return {
            "external_id_fields": references,
            "assigned": [each.salesforce_entity for each in self.entities if each.assignment_rules],
            "shows": {name: words for each in self.entities for name, words in each.shows.items()},
        }

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
        guard=read_guard(top.section("guard")),
        budgets=read_budgets(top.section("api_budget")),
        audit=read_audit(top.section("audit")),
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
    found: dict[str, str] = {side: name for side in SIDES if (name := default.text(side))}
    default.close()
    users.close()
    return found


def _read_entities(entities: Section, outer: tuple[str, str, str]) -> tuple[EntitySettings, ...]:
    known = []
    for name in entities.keys():  # noqa: SIM118 — a Section is no dict
        entity = read_entity(name, entities.section(name), outer)
        if _NAME.match(name) and name not in TAKEN_NAMES:
            known.append(entity)
        else:
            entities.report(name, f"'{name[:60]}' cannot name an entity; write small letters, digits and _, for example contact")
    return tuple(known)
