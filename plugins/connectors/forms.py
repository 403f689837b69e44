"""The connection forms of Airflow for our systems, as plain data: which fields there are, what they are called, which are secret.

Airflow finds them by the entry point in `plugins/lockstep-*.dist-info`, which needs `plugins/` on PYTHONPATH. Secrets have names by
which Airflow masks them in its UI, API and logs (password, token, secret, private_key): how a field looks is not enough for that.
"""

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


API_KEY = ("API key", "")
FORMS: Mapping[str, Form] = {
    "salesforce": Form(
        "Salesforce (Lockstep)",
        {"login": ("Integration user", "sync@acme.example; for the JWT flow")},
        {
            "domain": Field(
                "Domain", "login: production. test: a sandbox. Or your My Domain, such as acme.my or acme--dev.sandbox.my"
            ),
            "consumer_key": Field("Consumer key", "of the external client app (connected app)"),
            "consumer_secret": Field(
                "Consumer secret", "for the client credentials flow; it needs the My Domain", is_secret=True
            ),
            "private_key": Field("Private key", "for the JWT flow: the PEM text", is_secret=True),
            "private_key_file_path": Field("Private key file", "for the JWT flow: or its path on the workers"),
            "version": Field("API version", "empty: the one that Lockstep was tested with"),
        },
    ),
    "freshdesk": Form(
        "Freshdesk",
        {
            "host": ("Account", "https://acme.freshdesk.com; a trial or sandbox account has its own"),
            "password": ("API key", "of an agent who may edit contacts and companies"),
        },
    ),
    "getresponse": Form(
        "GetResponse",
        {"password": API_KEY, "host": ("API address", "empty; MAX: https://api3.getresponse360.com or .pl")},
        {"domain": Field("MAX domain", "only for a MAX account: the domain of your panel, such as mail.acme.com")},
    ),
    "activecampaign": Form(
        "ActiveCampaign", {"host": ("API URL", "https://acme.api-us1.com, from Settings, Developer"), "password": API_KEY}
    ),
    "forcemanager": Form(
        "ForceManager",
        {"login": ("Public key", ""), "password": ("Private key", "")},
        {
            "account": Field(
                "Name of the implementation", "tells production from a test implementation: each has links of its own"
            ),
            "lang": Field("Language", "of value lists: en, es …; empty: en"),
            "time_zone": Field("Time zone", "in which ForceManager shows dates, such as Europe/Madrid; empty: UTC"),
            "date_format": Field("Date format", "of the integration user", options=("yyyy-mm-dd", "yy/mm/dd", "dd/mm/yyyy")),
            "calls_per_second": Field("Calls a second", "that the contract allows; empty: the usual allowance"),
        },
    ),
    "lemontaps": Form(
        "Lemontaps",
        {"host": ("Address of the interface", "https://…; or a folder below"), "password": ("Token", "")},
        {
            "path": Field("Folder of export files", "instead of an interface: a folder that the workers can read"),
            "encoding": Field("Encoding of the files", "empty: found out"),
            "dates": Field("Dates in the files", "dmy or mdy where both are possible; empty: found out"),
            "team": Field("Name of the team", "tells one team from another: each has links of its own"),
            "scim_token": Field("SCIM token", "for reading the team's members", is_secret=True),
            "scim_url": Field("SCIM address", "empty: <address>/scim/v2"),
        },
    ),
}
OWN_TYPES = {"salesforce": "salesforce_lockstep"}  # `salesforce` is the type of Airflow's own provider; both kinds serve


def connection_type(system: str) -> str:
    """Return the Airflow connection type of `system`."""
    return OWN_TYPES.get(system, system)


def hook_name(system: str) -> str:
    """Return the name of the hook class of `system` in `connectors.hooks`."""
    return f"{system.capitalize()}Hook"


def provider_info() -> dict[str, Any]:
    """Return what Airflow wants to know of a provider; called when any of its processes starts, so nothing is imported here."""
    return {
        "package-name": "lockstep",
        "name": "Lockstep",
        "description": "Connections of the systems that Lockstep keeps in step.",
        "connection-types": [
            form.document(connection_type(system), f"connectors.hooks.{hook_name(system)}") for system, form in FORMS.items()
        ],
    }
