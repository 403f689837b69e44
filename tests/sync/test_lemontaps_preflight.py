"""The preflight before Lemontaps: it makes the fields of the shipped mapping, and says what a connection lacks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.connection import Settings
from connectors.opening import build_connector
from pipeline import shipped_folder
from sandbox.client import SandboxClient
from sandbox.running import serve
from sandbox.system import load
from sync.preflight import Access, Preflight


@pytest.fixture(scope="module")
def team() -> Iterator[SandboxClient]:
    with serve("lemontaps") as client:
        yield client


@pytest.fixture
def org(servers) -> SandboxClient:
    servers["salesforce"].reset()
    return servers["salesforce"]


def check(folder: Path, postgres_url: str, org: SandboxClient, app: Settings, creates: bool = False) -> list[str]:
    """Return every line that is not met."""
    told = load("salesforce").connection(org.url)
    connections = {"salesforce": Settings(host=told["host"], extra=told["extra"]), "app": app}
    access = Access(
        lambda: postgres_url,
        lambda settings, side: build_connector(side if side == "salesforce" else settings.app, connections[side]),
    )
    return [str(each) for each in Preflight(folder, access, creates).checks() if not each.is_met]


def interface(team: SandboxClient) -> Settings:
    told = load("lemontaps").connection(team.url)
    return Settings(host=told["host"], password=told["password"], extra=told["extra"])


@pytest.mark.feature("ALL-09", "LT-14")
@pytest.mark.parametrize("by_files", [False, True])
def test_the_fields_are_made_and_then_all_is_ready(migrated, postgres_url, org, team, tmp_path, by_files):
    folder = shipped_folder("lemontaps", tmp_path)
    app = Settings(extra={"path": str(tmp_path)}) if by_files else interface(team)
    lacking = check(folder, postgres_url, org, app)
    assert len(lacking) == 2
    assert all(any(name in line for line in lacking) for name in ("LTCONTACTID__c", "LTMETON__c"))
    assert check(folder, postgres_url, org, app, creates=True) == []
    made = {row["FullName"]: row["Metadata"]["type"] for row in org.records("CustomField")}
    assert (made["Lead.LTCONTACTID__c"], made["Lead.LTMETON__c"]) == ("Text", "Date")
    assert check(folder, postgres_url, org, app) == []


@pytest.mark.feature("ALL-09", "LT-14")
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"extra": {"path": "/nowhere/at/all"}}, "check path"),
        ({"host": "https://api.lemontaps.example"}, "no token"),
        ({}, "neither a host nor a folder"),
    ],
)
def test_what_a_connection_lacks_is_one_line(migrated, postgres_url, org, tmp_path, given, words):
    lines = check(shipped_folder("lemontaps", tmp_path), postgres_url, org, Settings(**given), creates=True)
    assert [words in line for line in lines] == [True]
