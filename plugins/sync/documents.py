"""Read a YAML settings file into plain values that remember their line and column.

Scalars stay text until someone asks for a type, so the country `NO` is never taken for "no".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from sync.files import Problem, one_of, read_text, suggest

MAX_BYTES = 200_000
MAX_DEPTH = 12
_WHOLE = re.compile(r"[-+]?\d{1,18}$")
_DECIMAL = re.compile(r"[-+]?\d{0,15}\.\d{1,15}$")
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_EMPTY = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands: text, a list of nodes, or a mapping from key to (key node, value node)."""

    value: "str | list[Node] | dict[str, tuple[Node, Node]]"
    line: int
    column: int
    is_quoted: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was written: `key:` or `key: null`."""
        return isinstance(self.value, str) and not self.is_quoted and self.value in _EMPTY


class _StopReading(Exception):
    def __init__(self, mark: Any, message: str) -> None:
        super().__init__(message)
        self.mark = mark


def _problem(file: str, mark: Any, message: str) -> Problem:
    return Problem(file, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, "", message)


def read_document(path: Path, problems: list[Problem]) -> "Section | None":
    """Return the top section of the YAML file `path`, or None after adding the problem that prevents it."""
    text = read_text(path, problems, MAX_BYTES)
    if text is None:
        return None
    try:
        node = _read(iter(_events(text)), path.name, problems)
    except _StopReading as error:
        problems.append(_problem(path.name, error.mark, str(error)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"not valid YAML: {error.problem or error.context}; mind the indentation and put odd text in quotes"
        problems.append(_problem(path.name, mark, message))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        problems.append(Problem(path.name, 1, 1, "", f"not valid YAML: {' '.join(str(error).split())[:200]}"))
    else:
        if isinstance(node.value, dict):
            return Section(path.name, "", node, problems)
        problems.append(Problem(path.name, 1, 1, "", "the file must hold lines of the form `key: value`"))
    return None


@lru_cache(maxsize=16)
def _events(text: str) -> tuple[Any, ...]:
    """Parse `text`; the same words are parsed once, for every stage reads the settings again and parsing is what takes time."""
    return tuple(yaml.parse(text, Loader=yaml.SafeLoader))


def _read(events: Iterator[Any], file: str, problems: list[Problem]) -> Node:
    node = None
    for event in events:
        if isinstance(event, yaml.StreamEndEvent):
            return node or Node({}, 1, 1)
        if isinstance(event, yaml.DocumentStartEvent) and node:
            raise _StopReading(event.start_mark, "a second document begins here; take this line out")
        if isinstance(event, yaml.NodeEvent):
            node = _read_node(event, events, file, problems, 0)
    raise _StopReading(None, "the file ends unexpectedly")


def _read_node(event: Any, events: Iterator[Any], file: str, problems: list[Problem], depth: int) -> Node:
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if isinstance(event, yaml.AliasEvent):
        raise _StopReading(event.start_mark, f"'*{event.anchor}' refers to another place; write the value out here")
    if depth > MAX_DEPTH:
        raise _StopReading(event.start_mark, "nested too deep for a settings file; mind the indentation")
    if isinstance(event, yaml.ScalarEvent):
        if any("\ud800" <= char <= "\udfff" or char == "\0" for char in event.value):
            raise _StopReading(event.start_mark, "an unprintable character is in this value; type it anew")
        return Node(event.value.strip(), line, column, event.style is not None)
    nested: Node = Node([] if isinstance(event, yaml.SequenceStartEvent) else {}, line, column)
    for inner in events:
        if isinstance(inner, yaml.CollectionEndEvent):
            break
        child = _read_node(inner, events, file, problems, depth + 1)
        if isinstance(nested.value, list):
            nested.value.append(child)
        elif isinstance(nested.value, dict):
            _add_pair(nested.value, child, _read_node(next(events), events, file, problems, depth + 1), file, problems)
    return nested


def _add_pair(pairs: dict[str, tuple[Node, Node]], key: Node, value: Node, file: str, problems: list[Problem]) -> None:
    if not isinstance(key.value, str):
        problems.append(Problem(file, key.line, key.column, "", "a key must be a plain word"))
    elif key.value in pairs:
        first = pairs[key.value][0].line
        problems.append(Problem(file, key.line, key.column, key.value, f"this key stands in line {first} already; keep one"))
    else:
        pairs[key.value] = (key, value)


def _plain(node: Node) -> Any:
    if isinstance(node.value, list):
        return [_plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: _plain(value) for key, (_, value) in node.value.items()}
    if node.is_quoted:
        return node.value
    if node.is_empty:
        return None
    if _WHOLE.match(node.value):
        return int(node.value)
    if _DECIMAL.match(node.value):
        return float(node.value)
    return {"true": True, "false": False}.get(node.value.lower(), node.value)


@dataclass(slots=True)
class Section:
    """One mapping of the file, asked key by key; `close` reports the keys nobody asked for."""

    file: str
    path: str
    node: Node
    problems: list[Problem]
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    _asked: list[str] = field(default_factory=list)

    def keys(self) -> list[str]:
        """Return the keys in file order."""
        return list(self._pairs())

    def has(self, key: str) -> bool:
        """Tell whether something is written below `key`; counts as asking for it."""
        return self._ask(key) is not None

    def text(self, key: str, default: str = "") -> str:
        """Return the text below `key`."""
        node = self._ask(key)
        if node is None:
            return default
        if isinstance(node.value, str):
            return node.value
        self._report(key, node, "one word or text is wanted here, not a list or a section")
        return default

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """Return the text below `key`, one of `choices` (upper or lower case)."""
        value = self.text(key, default)
        folded = " ".join(value.casefold().split())
        if folded in choices:
            return folded
        self._report(key, self._pairs()[key][1], f"'{value[:60]}' is not known{suggest(value, choices)}; write {one_of(choices)}")
        return default

    def flag(self, key: str, default: bool) -> bool:
        """Return the yes or no below `key`."""
        return _FLAGS[self.choice(key, list(_FLAGS), "true" if default else "false")]

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """Return the whole number below `key`, from `least` to `most`."""
        value = self.text(key, str(default))
        if _WHOLE.match(value) and least <= int(value) <= most:
            return int(value)
        self._report(key, self._pairs()[key][1], f"'{value[:60]}' is not a whole number from {least} to {most}")
        return default

    def share(self, key: str, default: float) -> float:
        """Return the share below `key`, from 0 to 1."""
        value = self.text(key, str(default))
        if (_DECIMAL.match(value) or _WHOLE.match(value)) and 0 <= float(value) <= 1:
            return float(value)
        self._report(key, self._pairs()[key][1], f"'{value[:60]}' is not a share from 0 to 1, for example 0.5")
        return default

    def words(self, key: str) -> tuple[str, ...]:
        """Return the list of texts below `key`; one text alone counts as a list of one."""
        node = self._ask(key)
        if node is None:
            return ()
        items = node.value if isinstance(node.value, list) else [node]
        for item in items:
            if not isinstance(item.value, str) or item.is_empty:
                self._report(key, item, "a list of words is wanted here, for example [email, phone]")
        return tuple(item.value for item in items if isinstance(item.value, str) and not item.is_empty)

    def section(self, key: str) -> "Section":
        """Return the section below `key`, an empty one where there is none."""
        node = self._ask(key)
        if node is not None and not isinstance(node.value, dict):
            self._report(key, node, "a section of `key: value` lines is wanted here")
            node = None
        empty = Node({}, *self.places.get(self._name(key), (self.node.line, self.node.column)))
        return Section(self.file, self._name(key), node or empty, self.problems, self.places)

    def free(self, key: str) -> dict[str, Any]:
        """Return whatever stands below `key` as plain values."""
        return self.section(key).content()

    def content(self) -> dict[str, Any]:
        """Return the whole section as plain values."""
        return {key: _plain(value) for key, (_, value) in self._pairs().items()}

    def report(self, key: str, message: str) -> None:
        """Add a problem that points at `key`."""
        line, column = self.places.get(self._name(key), (self.node.line, self.node.column))
        self.problems.append(Problem(self.file, line, column, self._name(key), message))

    def close(self) -> None:
        """Report every key that was not asked for."""
        for key, (node, _) in self._pairs().items():
            if key not in self._asked:
                message = f"no such key{suggest(key, self._asked)}; known here: {', '.join(self._asked)}"
                self._report(key[:60], node, message)

    def _pairs(self) -> dict[str, tuple[Node, Node]]:
        return self.node.value if isinstance(self.node.value, dict) else {}

    def _name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _ask(self, key: str) -> Node | None:
        self._asked += [key] if key not in self._asked else []
        pair = self._pairs().get(key)
        if pair is None:
            return None
        place = pair[0] if isinstance(pair[1].value, dict) else pair[1]
        self.places[self._name(key)] = (place.line, place.column)
        return None if pair[1].is_empty else pair[1]

    def _report(self, key: str, node: Node, message: str) -> None:
        self.problems.append(Problem(self.file, node.line, node.column, self._name(key), message))
