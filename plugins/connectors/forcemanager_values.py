"""Values in and out: ForceManager shows references as objects and takes bare numbers; its calendar splits times in two."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, tzinfo
from threading import RLock
from typing import Any

from connectors.abreast import one_at_a_time
from connectors.contract import Record
from connectors.errors import PermanentError
from connectors.flat import to_json
from connectors.forcemanager_calls import Row
from connectors.forcemanager_fields import GENDERS, IS_TASK, LISTS, MADE_UP, RECORDS, RENAMED, USERS
from connectors.forcemanager_list import STAMPS, Lists

LANGUAGES = ("EN", "US", "ES", "IT", "DE", "FR", "BR", "DK", "PT", "RU")  # the vendor's own order
SYNONYMS = ("isoCode", "iso2", "iso3")  # also name a row of a value list when written
DATES = ("startDate", "endDate")
HALVES = {"start": ("startDate", "startHour"), "end": ("endDate", "endHour")}


@dataclass(slots=True)
class Labels:
    """The value lists: id by label, each list read once."""

    lists: Lists
    _ids: dict[str, dict[str, int]] = field(default_factory=dict)
    _synonyms: dict[str, dict[str, int]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock, repr=False)

    def options(self, table: str) -> list[str]:
        """Return the labels of a value list."""
        return list(self._read(table))

    def id_of(self, table: str, label: str) -> int:
        """Return the id that a label stands for, whatever its case. Raises ValueError for an unknown one."""
        ids = self._read(table)
        folded = {known.casefold(): id for known, id in ids.items()}
        found = folded.get(label.casefold(), self._synonyms.get(table, {}).get(label.casefold()))
        if found is None:
            raise ValueError(f"{label!r} is not in the value list {table}")
        return found

    @one_at_a_time
    def _read(self, table: str) -> dict[str, int]:
        if table == "genders":
            return dict(GENDERS)
        if table not in self._ids:
            rows = [row for page in self.lists.walk(table) for row in page.rows if not row.get("deleted")]
            self._ids[table] = {label_of(row, self.lists.lang): row["id"] for row in reversed(rows)}
            self._synonyms[table] = {str(row[name]).casefold(): row["id"] for row in rows for name in SYNONYMS if row.get(name)}
        return self._ids[table]


def label_of(row: Row, lang: str) -> str:
    """Return what a row of a value list is called, in our language or the first it has one in."""
    codes = (lang.upper(), *LANGUAGES)
    return next((str(row[f"description{code}"]) for code in codes if row.get(f"description{code}")), str(row["id"]))


@dataclass(frozen=True, slots=True)
class Calendar:
    """How the implementation writes the calendar: in which time zone, and how dates look when we send them."""

    zone: tzinfo = UTC
    date_format: str = "%Y-%m-%d"

    def moment(self, day: str | None, hour: str | None) -> str | None:
        """Return date and hour as one moment in UTC; an entry without an hour begins the day."""
        if not day:
            return None
        at = time.fromisoformat(hour.zfill(5)) if hour else time()
        return _utc(datetime.combine(datetime.fromisoformat(day), at, self.zone))

    def day(self, moment: str | None) -> str | None:
        """Return the day of a moment."""
        return _parse(moment).astimezone(self.zone).date().isoformat() if moment else None

    def halves(self, moment: str) -> tuple[str, str]:
        """Return a moment as date and hour."""
        local = _parse(moment).astimezone(self.zone)
        return local.strftime(self.date_format), local.strftime("%H:%M")

    def written(self, day: str) -> str:
        """Return a date as it is sent."""
        return datetime.fromisoformat(day[:10]).strftime(self.date_format)


def record_of(entity: str, path: str, row: Row, calendar: Calendar) -> Record:
    """Return a row as a record: the last of its three stamps is when it changed; an unedited row has only the first."""
    moments = [_parse(row[stamp]) for stamp in STAMPS if row.get(stamp)]
    if not moments:
        raise PermanentError(f"ForceManager shows {path} {row['id']} without dateCreated: it cannot be kept in step.")
    raw = {RENAMED.get(name, name): _raw(path, name, value) for name, value in row.items()}
    if entity == "activity":
        raw["day"] = calendar.day(raw.get("date"))
    if entity in IS_TASK:
        raw |= {name: _iso_day(raw[name]) for name in DATES if raw.get(name)}
        raw |= {name: calendar.moment(raw.get(day), raw.get(hour)) for name, (day, hour) in HALVES.items()}
    return Record(str(row["id"]), raw, max(moments), bool(row.get("deleted")))


def body_of(entity: str, path: str, fields: Mapping[str, Any], labels: Labels, calendar: Calendar) -> dict[str, Any]:
    """Return the JSON of a write. Raises ValueError for a value that no field of this implementation takes."""
    body: dict[str, Any] = {}
    for name, given in fields.items():
        value = to_json(given)
        if entity == "activity" and name == "day":
            body.setdefault("date", calendar.moment(str(value)[:10] if value else None, None))
        elif name in MADE_UP.get(entity, {}):
            day, hour = HALVES[name]
            body[day], body[hour] = calendar.halves(str(value)) if value else (None, None)
        else:
            body[name] = value if value is None else _sent(entity, path, name, value, labels, calendar)
    return body


def _raw(path: str, name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if name in LISTS[path]:
        return value.get("value")
    if name in RECORDS or name in USERS:
        return None if value.get("id") is None else str(value["id"])
    return value.get("value", value.get("description"))


def _sent(entity: str, path: str, name: str, value: Any, labels: Labels, calendar: Calendar) -> Any:
    table = LISTS[path].get(name)
    if table is not None:
        return labels.id_of(table, str(value)) if value != "" else None
    if name in RECORDS or name in USERS:
        if not str(value).isdecimal():
            raise ValueError(f"{name} takes an id of ForceManager, not {str(value)[:40]!r}")
        return int(value)
    return calendar.written(str(value)) if entity in IS_TASK and name in DATES and value else value


def _iso_day(text: str) -> str:
    """Return a calendar date in ISO: the API has shown 15/07/07 as well as 2015-07-07."""
    return f"20{text}".replace("/", "-") if len(text) == 8 and "/" in text else text[:10]


def _parse(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
