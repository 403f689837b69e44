"""The connection forms of our systems: Airflow shows them, and each has a Test button.

Airflow finds them by the entry point in `plugins/lockstep-*.dist-info`, which needs `plugins/` on PYTHONPATH. Secrets have names by
which Airflow masks them in its UI, API and logs (password, token, secret, private_key): how a field looks is not enough for that.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from connectors.form import Form

SUFFIX = "_form"
FORMS: Mapping[str, Form] = {
    path.stem.removesuffix(SUFFIX): import_module(f"connectors.{path.stem}").FORM
    for path in sorted(Path(__file__).parent.glob(f"*{SUFFIX}.py"))
}


def label(system: str) -> str:
    """Return the name of `system` as its maker spells it."""
    return FORMS[system].name if system in FORMS else system.capitalize()


def connection_type(system: str) -> str:
    """Return the Airflow connection type of `system`."""
    return FORMS[system].connection_type or system


def hook_name(system: str) -> str:
    """Return the name of the hook class of `system` in `connectors.hooks`."""
    return f"{system.capitalize()}Hook"


def provider_info() -> dict[str, Any]:
    """Return what Airflow wants to know of a provider; called when any of its processes starts, so only plain data are imported."""
    return {
        "package-name": "lockstep",
        "name": "Lockstep",
        "description": "Connections of the systems that Lockstep keeps in step.",
        "connection-types": [
            form.document(connection_type(system), f"connectors.hooks.{hook_name(system)}") for system, form in FORMS.items()
        ],
    }
