"""The compose file, the image and the secrets fit together; no container engine is needed to see that."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.system import SYSTEMS
from tools import env

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("init", "api-server", "scheduler", "dag-processor", "triggerer", "worker")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_all_services_are_there() -> None:
    assert set(SERVICES) == {*OURS, "postgres", "redis", "sandbox"}
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["sandbox"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"init"}))
def test_every_lasting_service_has_a_health_check_and_restarts(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_container_prints_is_bounded(name: str) -> None:
    assert {"max-size", "max-file"} <= set(SERVICES[name]["logging"]["options"])


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_no_privileges(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert "privileged" not in SERVICES[name]
    assert "user" not in SERVICES[name]


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert users == ["50000:0"]


def test_secrets_have_no_defaults() -> None:
    used = re.findall(r"\$\{(\w+)([^}]*)\}", TEXT)
    secret = [(name, rest) for name, rest in used if re.search("PASSWORD|SECRET|KEY", name)]
    assert secret
    assert [name for name, rest in secret if not rest.startswith(":?")] == []


def test_no_secret_stands_in_the_file() -> None:
    values = re.findall(r"^\s*\w*(?:PASSWORD|SECRET|KEY)\w*: *(\S.*)$", TEXT, re.MULTILINE)
    assert values
    assert [value for value in values if not value.startswith("${")] == []


def test_dependencies_and_volumes_exist() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


def test_what_the_image_copies_exists_and_is_not_ignored() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE):
        for source in line.split():
            assert (ROOT / source).exists()
            assert source in allowed


def test_only_the_loopback_is_published_by_default() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == ["${LOCKSTEP_LISTEN:-127.0.0.1:8080}:8080"]


def test_env_makes_every_secret_once(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    env.complete(file, TEXT)
    first = file.read_text()
    assert re.findall(r"^(\w+)=\S{24,}$", first, re.MULTILINE) == env.wanted(TEXT)
    assert file.stat().st_mode & 0o077 == 0
    assert env.complete(file, TEXT) == []
    assert file.read_text() == first


def test_env_adds_what_an_older_file_lacks(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("AIRFLOW_DB_PASSWORD=mine")
    added = env.complete(file, TEXT)
    assert "AIRFLOW_DB_PASSWORD" not in added
    assert file.read_text().startswith("AIRFLOW_DB_PASSWORD=mine\n")


def test_env_leads_every_connection_to_a_sandbox_system_and_the_services_pass_it_on(tmp_path: Path) -> None:
    added = env.add(tmp_path / ".env", env.rehearsal(TEXT))
    connections = [name for name in added if name.startswith("AIRFLOW_CONN_")]
    assert {name.removeprefix("AIRFLOW_CONN_").removesuffix("_DEFAULT").lower() for name in connections} == set(SYSTEMS)
    passed = SERVICES["worker"]["environment"]
    assert [name for name in connections if passed.get(name, "not passed") is not None] == []
    assert {"COMPOSE_PROFILES", "LOCKSTEP_REHEARSAL"} <= set(added)


@pytest.mark.parametrize("script", [".ci/run", "config/postgres/databases.sh"])
def test_scripts_are_executable_and_parse(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    shell = (ROOT / script).read_text().splitlines()[0].removeprefix("#!")
    subprocess.run([shell, "-n", script], cwd=ROOT, check=True)


def test_ci_runs_the_command_of_the_readme() -> None:
    assert "make test" in (ROOT / ".ci/run").read_text()
    assert "make test" in (ROOT / "README.md").read_text()
