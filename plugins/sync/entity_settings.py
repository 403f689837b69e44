"""The policies of one entity, as `settings.yaml` gives them: which records, which way, what becomes of new and of deleted ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sync.documents import Section
from sync.files import suggest
from sync.marks import Marks, read_marks

Side = Literal["salesforce", "app"]

SIDES: tuple[Side, Side] = ("salesforce", "app")
TOWARDS: dict[Side, str] = {"app": "to_app", "salesforce": "to_salesforce"}
DIRECTIONS = ("both", "to_app", "to_salesforce")
MASTERS = ("merge", "salesforce", "app")
DELETES = ("ignore", "flag", "delete")
STATUS_PARTS = ("state", "time")
MATCHES = ("link", "block")
ANY = "*"  # in a filter: whatever is there
SALESFORCE_ENTITIES = ("account", "contact", "lead", "opportunity")

SUCCESSORS: Mapping[str, tuple[str, ...]] = {  # where Salesforce tells which record another one went up in
    "account": ("MasterRecordId",),
    "contact": ("MasterRecordId",),
    "lead": ("MasterRecordId", "IsConverted", "ConvertedContactId"),
}


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
    opt_out: Mapping[str, str] = field(default_factory=dict)  # side → check box: ticked, a linked record counts as deleted there
    options: Mapping[str, Any] = field(default_factory=dict)
    list_name: str = ""  # the app's list (campaign) whose members these records are
    assignment_rules: bool = False  # Salesforce assigns owners by its own rules
    status_fields: Mapping[str, str] = field(default_factory=dict)  # "state", "time" → Salesforce field
    creates: Mapping[str, bool] = field(default_factory=dict)  # "to_app", "to_salesforce" → are new records made there
    updates: Mapping[str, bool] = field(default_factory=dict)  # … are records that are there changed
    on_create: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # side → raw field → value, sent with a create
    on_match: str = "link"  # block: what the app sends is refused where Salesforce has a record with the same key
    match_also: tuple[str, ...] = ()  # further Salesforce entities that block
    marks: Marks | None = None

    @property
    def flag_fields(self) -> Mapping[str, str]:
        """The check box to tick on the other side of a deletion, by "to_app", "to_salesforce"."""
        given = self.options.get("flag_fields")
        return {way: name for way, name in given.items() if isinstance(name, str)} if isinstance(given, dict) else {}

    @property
    def shows(self) -> Mapping[str, tuple[str, ...]]:
        """What a text of related records shows of each: the text's field → fields of the record; the usual ones where it is silent."""
        given = self.options.get("shows")
        return (
            {name: tuple(map(str, words)) for name, words in given.items() if isinstance(words, list)}
            if isinstance(given, dict)
            else {}
        )

    def writes_to(self, side: Side) -> bool:
        """Tell whether records of this entity are written to `side`."""
        return self.direction in ("both", TOWARDS[side])

    def creates_on(self, side: Side) -> bool:
        """Tell whether new records of this entity are made on `side`."""
        return self.writes_to(side) and self.creates.get(TOWARDS[side], True)

    def updates_on(self, side: Side) -> bool:
        """Tell whether records that are there already are changed on `side`."""
        return self.writes_to(side) and self.updates.get(TOWARDS[side], True)

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """The Salesforce entities whose records block what comes from the app, none where matches are linked."""
        return tuple(dict.fromkeys((self.salesforce_entity, *self.match_also))) if self.on_match == "block" else ()

    def facts(self, side: Side) -> tuple[str, ...]:
        """Return the raw fields of `side` that are read unmapped: what became of the record in Salesforce, the marks in the app."""
        if side == "app":
            return (self.marks.field,) if self.marks else ()
        return SUCCESSORS.get(self.salesforce_entity, ())

    def passes(self, side: Side, raw: Mapping[str, Any]) -> bool:
        """Tell whether a raw record of `side` passes the filter: each named field has one of its values (as text)."""
        return all(_is_among(_as_text(raw.get(name)), values) for name, values in self.filters.get(side, {}).items())

    def reads_as(self, side: Side) -> str:
        """Return the connector's entity name on `side`, `contact@newsletter` for the members of an app's list."""
        if side == "salesforce":
            return self.salesforce_entity
        return f"{self.app_entity}@{self.list_name}" if self.list_name else self.app_entity


def _is_among(value: str, values: tuple[str, ...]) -> bool:
    return value in values or (ANY in values and value.strip() != "")


def read_entity(name: str, section: Section, outer: tuple[str, str, str]) -> EntitySettings:
    """Return the settings of one entity. `outer`: direction, master and prefer of the integration."""
    direction, master, prefer = outer
    parts = ("reference", "deletes", "require_any", "filter", "new_since", "on_create", "opt_out")
    reference, deletes, required, filters, births, made_with, boxes = map(section.section, parts)
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
        opt_out={side: name for side in SIDES if (name := boxes.text(side))},
        options=section.free("options"),
        list_name=section.text("list"),
        assignment_rules=section.flag("assignment_rules", False),
        status_fields=_read_status(section.section("status")),
        creates=_read_ways(section.section("creates")),
        updates=_read_ways(section.section("updates")),
        on_create={side: made_with.free(side) for side in SIDES},
        on_match=section.choice("on_match", MATCHES, "link"),
        match_also=_read_entities(section, "match_also"),
        marks=read_marks(section.section("marks")),
    )
    if entity.on_match == "block" and not entity.match:
        section.report("on_match", "block looks for records with the same key; name the keys, for example match: [email]")
    if entity.match_also and entity.on_match != "block":
        section.report("match_also", "these entities are looked at under on_match: block only; write that as well")
    for way, word in entity.deletes.items():
        if word == "flag" and way not in entity.flag_fields:
            deletes.report(way, f"flag ticks a check box; name it as options: {{flag_fields: {{{way}: its API name}}}}")
    for part in (reference, deletes, required, filters, births, made_with, boxes, section):
        part.close()
    return entity


def _read_status(status: Section) -> dict[str, str]:
    salesforce = status.section("salesforce")
    found = {part: name for part in STATUS_PARTS if (name := salesforce.text(part))}
    for part in STATUS_PARTS if found else ():
        if part not in found:
            salesforce.report(part, "name both fields: state for the words, time for the moment of the last sync")
    salesforce.close()
    status.close()
    return found


def _narrow(section: Section, outer: str) -> str:
    own = section.choice("direction", DIRECTIONS, outer)
    if outer in ("both", own):
        return own
    if own == "both":
        return outer
    section.report("direction", f"'{own}' leaves nothing, for the integration's direction is '{outer}'; change one of them")
    return outer


def _read_ways(section: Section) -> dict[str, bool]:
    ways = {way: section.flag(way, True) for way in TOWARDS.values()}
    section.close()
    return ways


def _read_entities(section: Section, key: str) -> tuple[str, ...]:
    names = section.words(key)
    for name in names:
        if name not in SALESFORCE_ENTITIES:
            section.report(key, f"'{name[:60]}' is no Salesforce entity here{suggest(name, SALESFORCE_ENTITIES)}")
    return tuple(name for name in names if name in SALESFORCE_ENTITIES)


def _read_filter(section: Section) -> dict[str, tuple[str, ...]]:
    return {name: section.words(name) for name in section.keys()}  # noqa: SIM118 — a Section is no dict


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
