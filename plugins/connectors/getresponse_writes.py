"""One write to a GetResponse contact, so that what it does not name survives.

An update of a contact replaces its tags and custom values as a whole, so values are set by the calls that only add, and what is
taken away is taken out of a list read just before. `tags` is the whole list; `tags_add` and `tags_remove` change single ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from threading import RLock
from typing import Any

from requests import Response

from connectors.abreast import one_at_a_time
from connectors.contract import Record, Result, Write
from connectors.flat import to_json
from connectors.getresponse_calls import FORBIDDEN_STATE, GONE, RELATED, TAKEN, GetResponseCalls, Problem, Row, problem_of
from connectors.getresponse_fields import CUSTOM, texts_of
from connectors.getresponse_shapes import ANSWERS, CustomField, Listed, Tag
from connectors.shapes import having

CODES: Mapping[int, str] = {TAKEN: "duplicate_value", GONE: "not_found", FORBIDDEN_STATE: "forbidden_state"}
SHAPES: Mapping[str, Any] = {"custom-fields": CustomField, "tags": Tag}
TAGS, TAGS_ADD, TAGS_REMOVE = "tags", "tags_add", "tags_remove"


class RefusedError(Exception):
    """This row is refused; the others go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem

    @property
    def is_taken(self) -> bool:
        """The address belongs to another contact of the list."""
        return self.problem.code == TAKEN

    def result(self, id: str | None) -> Result:
        """Return the refusal as the outcome of the write."""
        code = CODES.get(self.problem.code, str(self.problem.code or "refused"))
        return Result("failed", id, code=code, message=self.problem.message)


class Names:
    """The ids of custom fields and tags by name, asked once and again where a name is missing."""

    def __init__(self, calls: GetResponseCalls) -> None:
        self._calls = calls
        self._ids: dict[str, dict[str, str]] = {}
        self.lock = RLock()

    @one_at_a_time
    def field_id(self, name: str) -> str:
        """Return the id of a custom field. Raises RefusedError where there is none."""
        found = self._id("custom-fields", "customFieldId", name)
        if found is None:
            raise RefusedError(Problem(RELATED, f"GetResponse has no custom field {name!r}"))
        return found

    @one_at_a_time
    def tag_id(self, name: str) -> str:
        """Return the id of a tag, which is made if there is none. Raises RefusedError for a name that no tag can have."""
        found = self._id("tags", "tagId", name)
        if found is None:
            made = _accepted(self._calls.send("POST", "tags", "write", is_safe=True, json={"name": name}))
            found = str(ANSWERS.written(made, having("tagId"))["tagId"])
            self._ids["tags"][name.casefold()] = found
        return found

    def forget(self) -> None:
        """Ask again the next time."""
        self._ids.clear()

    def _id(self, path: str, id_name: str, name: str) -> str | None:
        if name.casefold() not in self._ids.get(path, {}):
            rows = [row for page, _ in self._calls.pages(path, {}, SHAPES[path]) for row in page]
            self._ids[path] = {str(row["name"]).casefold(): str(row[id_name]) for row in rows}
        return self._ids[path].get(name.casefold())


class Writer:
    """Sends writes to the contacts of one account."""

    def __init__(self, calls: GetResponseCalls) -> None:
        self._calls = calls
        self.names = Names(calls)

    def create(self, write: Write, campaign_id: str) -> None:
        """Ask for a new contact; it appears later, if at all. Raises RefusedError."""
        core, customs, tags = _parts(write.fields)
        body = {name: value for name, value in core.items() if value is not None}
        body["campaign"] = {"campaignId": campaign_id}
        values = {name: texts for name, texts in customs.items() if texts}
        wanted = [*tags.get(TAGS, ()), *tags.get(TAGS_ADD, ())]
        body |= {"customFieldValues": self._customs(values)} if values else {}
        body |= {"tags": self._tags(wanted)} if wanted else {}
        _accepted(self._calls.send("POST", "contacts", "write", json=body))

    def update(self, write: Write) -> Row | None:
        """Change a contact; return it in full where the last call answered with it. Raises RefusedError."""
        core, customs, tags = _parts(write.fields)
        path = f"contacts/{write.id}"
        body: Row = dict(core)
        added = self._tags(tags.get(TAGS_ADD, ()))
        cleared = {name for name, texts in customs.items() if not texts}
        if cleared or tags.get(TAGS_REMOVE):
            body |= self._without(self._present(path), customs, tags)
        if TAGS in tags:
            body["tags"] = self._tags([*tags[TAGS], *tags.get(TAGS_ADD, ())])
        if customs and "customFieldValues" not in body:
            self._upsert(f"{path}/custom-fields", {"customFieldValues": self._customs(customs)})
        if added and "tags" not in body:
            self._upsert(f"{path}/tags", {"tags": added})
        if not body:
            return None
        return dict(ANSWERS.written(_accepted(self._calls.send("POST", path, "write", is_safe=True, json=body)), Listed))

    def delete(self, write: Write) -> None:
        """Take a contact off its list; one that is gone already is no matter. Raises RefusedError."""
        response = self._calls.send("DELETE", f"contacts/{write.id}", "write")
        if response.status_code != HTTPStatus.NOT_FOUND:
            _accepted(response)

    def _present(self, path: str) -> Row:
        return dict(ANSWERS.read(_accepted(self._calls.send("GET", path, "read")), Listed))

    def _upsert(self, path: str, body: Row) -> None:
        _accepted(self._calls.send("POST", path, "write", is_safe=True, json=body))

    def _without(self, present: Row, customs: Mapping[str, list[str]], tags: Mapping[str, Sequence[str]]) -> Row:
        """Return the collections as they shall be, so far as something is to be taken out of them."""
        body: Row = {}
        if any(not texts for texts in customs.values()):
            given = {entry["customFieldId"] for entry in self._customs(customs)}
            kept = [each for each in present.get("customFieldValues") or () if each["customFieldId"] not in given]
            old = [{"customFieldId": each["customFieldId"], "value": each.get("values") or each.get("value")} for each in kept]
            body["customFieldValues"] = [*old, *(entry for entry in self._customs(customs) if entry["value"])]
        if tags.get(TAGS_REMOVE):
            names = [tag["name"] for tag in present.get("tags") or ()] + list(tags.get(TAGS_ADD, ()))
            gone = {name.casefold() for name in tags[TAGS_REMOVE]}
            body["tags"] = self._tags(name for name in names if name.casefold() not in gone)
        return body

    def _customs(self, customs: Mapping[str, list[str]]) -> list[Row]:
        return [{"customFieldId": self.names.field_id(name), "value": texts} for name, texts in customs.items()]

    def _tags(self, names: Iterable[str]) -> list[Row]:
        return [{"tagId": id} for id in dict.fromkeys(map(self.names.tag_id, names))]


def done(write: Write, record: Record | None = None) -> Result:
    """Return the outcome of a write that the system has."""
    return Result("done", record.id if record else write.id, record)


def _parts(fields: Mapping[str, Any]) -> tuple[Row, dict[str, list[str]], dict[str, list[str]]]:
    """Split raw names into the contact's own fields, custom values and tags."""
    customs = {name.removeprefix(CUSTOM): texts_of(to_json(value)) for name, value in fields.items() if name.startswith(CUSTOM)}
    tags = {name: texts_of(fields[name]) for name in (TAGS, TAGS_ADD, TAGS_REMOVE) if name in fields}
    core = {name: to_json(value) for name, value in fields.items() if not name.startswith(CUSTOM) and name not in tags}
    return core, customs, tags


def _accepted(response: Response) -> Response:
    if not response.ok:
        raise RefusedError(problem_of(response))
    return response
