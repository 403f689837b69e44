"""Lemontaps without an interface: export files of captured contacts, CSV or vCard, in a folder.

A file is read when it appears or changes. A contact has the same id in every file; the newest file that has it counts, and one
that later files lack is not deleted. Nothing can be written.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from connectors.contract import (
    UNREADABLE,
    Account,
    Entity,
    Field,
    Known,
    NewField,
    Page,
    Record,
    Result,
    User,
    Write,
    check_entity,
)
from connectors.errors import AuthError, PermanentError
from connectors.lemontaps_fields import fields_of
from connectors.lemontaps_files import Reading, changed_at, is_export, read_file

ENTITIES: Mapping[str, Entity] = {
    "contact": Entity("contact", "contacts", "id", "updated_at", has_delete_feed=False, can_delete=False)
}
PROBLEMS_SHOWN = 50
CANNOT = "Lemontaps is read from files here: nothing can be written to it"


class LemontapsFolder:
    """Reads the export files in `path`. `encoding` and `dates` are for files that do not tell by themselves."""

    system = "lemontaps"
    custom_prefix = ""
    entities = ENTITIES

    def __init__(self, path: Path, encoding: str = "", dates: str = "", team: str = "") -> None:
        self._path = path
        self._encoding = encoding
        self._dates = dates
        self._team = team or "files"

    def account_id(self) -> str:
        """Return the team's name in the connection: the folder may move."""
        return self._team

    def ping(self) -> Account:
        """Look into the folder. Raises AuthError where it cannot be read."""
        self._files()
        return Account(self._team, str(self._path))

    def describe(self, entity: str) -> Sequence[Field]:
        """Return the fields that a file can have."""
        self._checked(entity)
        return fields_of(can_write=False)

    def read_changes(
        self, entity: str, since: datetime | None, fields: Sequence[str], known: Known | None = None
    ) -> Iterator[Page]:
        """Yield the contacts of every file that came or changed at or after `since`, a page per file, the oldest first.

        Lines that cannot be read are one more record, under the file's name; once they are mended it is a deleted one.
        """
        self._checked(entity)
        started = datetime.now(UTC)
        yield Page([], started)
        for moment, path in self._files():
            if since is None or moment >= since:
                reading = self._read(path)
                records = _records(reading, moment)
                if reading.problems or since is not None:
                    records.append(_verdict(path, reading, moment))
                yield Page(records, started)

    def read(self, entity: str, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield the newest form of `ids` in any file."""
        self._checked(entity)
        if ids:
            newest, started = self._newest(), datetime.now(UTC)
            yield Page([newest[id] for id in dict.fromkeys(ids) if id in newest], started)

    def find(self, entity: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Iterator[Page]:
        """Yield contacts by any field, in their newest form."""
        self._checked(entity)
        wanted = {value.casefold() for value in values if value.strip()}
        if wanted:
            started = datetime.now(UTC)
            yield Page([each for each in self._newest().values() if str(each.raw.get(key)).casefold() in wanted], started)

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Refuse every write, row by row."""
        self._checked(entity)
        for write in writes:
            yield Result("failed", write.id, code="not_possible", message=CANNOT)

    def users(self) -> Sequence[User]:
        """Return whom the files name as having met somebody, by address or name."""
        named = {str(each.raw["met_by.email"]) for each in self._newest().values() if each.raw["met_by.email"]}
        return [User(name, name if "@" in name else "", "" if "@" in name else name) for name in sorted(named)]

    def create_field(self, entity: str, name: str, label: str, kind: NewField = "reference") -> None:
        """Refuse. Raises PermanentError."""
        raise PermanentError(f"{CANNOT}: no field {name!r} can be made.")

    def _checked(self, entity: str) -> str:
        return check_entity("Lemontaps (files)", self.entities, entity)

    def _files(self) -> list[tuple[datetime, Path]]:
        """Return the export files with their times, the oldest first."""
        try:
            found = [path for path in self._path.iterdir() if is_export(path) and path.is_file()]
        except OSError as error:
            raise AuthError(
                f"The folder of Lemontaps files {self._path} cannot be read ({error.strerror}): check path in the connection's "
                "extra field, and that the workers may read it."
            ) from None
        return sorted((changed_at(path), path) for path in found)

    def _read(self, path: Path) -> Reading:
        return read_file(path, self._encoding, self._dates)

    def _newest(self) -> dict[str, Record]:
        readings = ((moment, self._read(path)) for moment, path in self._files())
        return {record.id: record for moment, reading in readings for record in _records(reading, moment)}


def _records(reading: Reading, moment: datetime) -> list[Record]:
    stamp = moment.isoformat()
    times = {"created_at": stamp, "updated_at": stamp}
    return [Record(key, {**fields, **times, "id": key}, moment) for key, fields in reading.contacts.items()]


def _verdict(path: Path, reading: Reading, moment: datetime) -> Record:
    """What stands for the file itself: its bad lines, or nothing any more."""
    words = [f"{path.name}, {problem}" for problem in reading.problems[:PROBLEMS_SHOWN]]
    if len(reading.problems) > PROBLEMS_SHOWN:
        words.append(f"{path.name}: {len(reading.problems) - PROBLEMS_SHOWN} more lines")
    return Record(path.name, {UNREADABLE: words} if words else {}, moment, is_deleted=not words)
