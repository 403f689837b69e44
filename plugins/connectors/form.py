"""What a connection form of Airflow holds, as plain data: which fields there are, what they are called, which are secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STANDARD = ("host", "login", "password", "port", "schema", "extra")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of its own. `options`: a choice instead of free text; `is_secret`: shown as dots."""

    label: str
    description: str
    options: Sequence[str] = ()
    is_secret: bool = False

    def document(self) -> dict[str, Any]:
        """Return it as Airflow's provider information has it."""
        schema: dict[str, Any] = {"type": ["string", "null"]}
        if self.options:
            schema["enum"] = [*self.options, None]
        if self.is_secret:
            schema["format"] = "password"
        return {"label": self.label, "description": self.description, "schema": schema}


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one system: the standard fields it shows, by Airflow's name → (label, placeholder), and its own."""

    name: str
    shows: Mapping[str, tuple[str, str]]
    own: Mapping[str, Field] = field(default_factory=dict)
    connection_type: str = ""  # where it is not the system's own name

    def document(self, connection_type: str, hook: str) -> dict[str, Any]:
        """Return it as Airflow's provider information has it."""
        return {
            "connection-type": connection_type,
            "hook-name": self.name,
            "hook-class-name": hook,
            "conn-fields": {name: each.document() for name, each in self.own.items()},
            "ui-field-behaviour": {
                "hidden-fields": [name for name in STANDARD if name not in self.shows],
                "relabeling": {name: label for name, (label, _) in self.shows.items()},
                "placeholders": {name: placeholder for name, (_, placeholder) in self.shows.items() if placeholder},
            },
        }
