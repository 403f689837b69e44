"""The forms of the connections: every system has one, Airflow takes it, and what is secret has a name by which Airflow masks it."""

import json
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest

from connectors.form import STANDARD
from connectors.forms import FORMS, provider_info
from connectors.opening import systems

MASKED = ("password", "secret", "private_key", "token", "api_key", "apikey", "passwd", "passphrase")


def test_every_system_has_a_form() -> None:
    assert set(FORMS) == set(systems())


def test_airflow_finds_them_without_an_installation() -> None:
    [point] = [point for point in entry_points(group="apache_airflow_provider") if point.name == "provider_info"
               and point.value == "connectors.forms:provider_info"]  # fmt: skip
    assert point.dist is not None
    assert point.dist.name == provider_info()["package-name"]
    assert point.load() is provider_info


def test_airflow_takes_them() -> None:
    spec = find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    schema = json.loads((Path(spec.origin).parent / "provider_info.schema.json").read_text())
    jsonschema.validate(provider_info(), schema)


@pytest.mark.parametrize("system", sorted(FORMS))
def test_what_is_secret_is_masked_by_its_name(system: str) -> None:
    form = FORMS[system]
    assert set(form.shows) <= set(STANDARD)
    for name, field in form.own.items():
        looks_secret = any(word in name for word in MASKED) and not name.endswith("_path")
        assert field.is_secret == looks_secret
        assert field.label
        assert field.description
