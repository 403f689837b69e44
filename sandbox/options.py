"""Lists switches and actions of the systems for `docs/sandbox.md`, straight from the code."""

import inspect
import json
from collections.abc import Iterator
from typing import Any

from sandbox.system import SYSTEMS, System, load


def markdown() -> str:
    """Return the tables of all systems."""
    return "\n".join(line for name in SYSTEMS for line in _lines(load(name)))


def _lines(system: System) -> Iterator[str]:
    yield from (f"### {system.name}", "", "| switch | default | meaning |", "|---|---|---|")
    for name, switch in sorted(system.switches.items()):
        yield f"| `{name}` | `{json.dumps(switch.default)}` | {switch.description.replace('|', '/')} |"
    yield from ("", "| action | meaning |", "|---|---|")
    for name, action in sorted(system.actions().items()):
        yield f"| `{name}({', '.join(_arguments(action))})` | {_meaning(action)} |"
    yield ""


def _arguments(action: Any) -> Iterator[str]:
    for parameter in list(inspect.signature(action).parameters.values())[1:]:
        optional = "" if parameter.default is parameter.empty else "=…"
        yield parameter.name + optional


def _meaning(action: Any) -> str:
    return (inspect.getdoc(action) or "").partition("\n")[0]
