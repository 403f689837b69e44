"""Erasing a person from all five apps and Salesforce at once, and the block list at work in each integration."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app_cases import CASES, WITHOUT_ADDRESS, Case, Course, course
from connectors.connection import Settings
from connectors.contract import Connector
from connectors.errors import PermanentError
from connectors.opening import build_connector
from erasing_world import erase, eraser_of, places_of, plan, texts_of
from pipeline import QUICK, SHIPPED
from sandbox.client import SandboxClient
from sandbox.running import serve
from sandbox.system import load
from sync.erase import Eraser
from sync.erase_person import roles_of
from sync.settings import load as load_settings

EMAIL = "zoraida.quexley@uniq-9f3.example"
NAME = ("Zoraida", "Quexley")
WORDS = (EMAIL, "zoraida", "quexley")
HERE = {"FirstName": NAME[0], "LastName": NAME[1], "Email": EMAIL}
THERE: Mapping[str, Mapping[str, Any]] = {
    "activecampaign": {"firstName": NAME[0], "lastName": NAME[1], "email": EMAIL, "account": "Nordwerk GmbH"},
    "forcemanager": {"firstName": NAME[0], "lastName": NAME[1], "email": EMAIL, "salesRepId": 310, "comment": f"met {NAME[1]}"},
    "freshdesk": {"name": " ".join(NAME), "email": EMAIL},
    "getresponse": {"name": " ".join(NAME), "email": EMAIL, "campaign": "newsletter"},
    "lemontaps": {
        "first_name": NAME[0], "last_name": NAME[1], "email": EMAIL, "company": "Nordwerk GmbH", "notes": f"met {NAME[1]}",
        "phone_mobile": "+49 170 5550100",
    },
}  # fmt: skip
PEOPLE_CASE = Case(
    app="forcemanager", entity="contact", kinds=("Contact", "contacts"), here=HERE, there={}, text=("Title", "comment"),
    incomplete=WITHOUT_ADDRESS,
)  # fmt: skip
PEOPLE = [PEOPLE_CASE if case.app == "forcemanager" else replace(case, here={**case.here, **HERE}) for case in CASES]

pytestmark = pytest.mark.feature("ALL-26")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the block list."""
    monkeypatch.setenv("LOCKSTEP_ERASURE_KEY", "a-key-of-the-tests-that-nobody-would-guess")


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, SandboxClient]]:
    """All six systems, each served once."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve(name)) for name in ("salesforce", *THERE)}


@pytest.fixture
def empty(servers: dict[str, SandboxClient]) -> dict[str, SandboxClient]:
    """All six systems without people, and with the rights that they give at best."""
    for name, server in servers.items():
        server.reset()
        server.clear_faults()
        if name != "salesforce":
            server.switches(rate_limit=False)
    servers["salesforce"].switches(allow_hard_delete=True)
    return servers


def connector(name: str, server: SandboxClient) -> Connector:
    """A real connector, built from the values of a connection as Airflow would hand them over."""
    told = load(name).connection(server.url)
    return build_connector(name, Settings(**{key: told[key] for key in ("host", "login", "password", "extra") if key in told}))


def everything(name: str, server: SandboxClient, with_deleted: bool = True) -> str:
    """All that a system holds of people."""
    kinds = ("Contact", "Lead") if name == "salesforce" else ("contacts",)
    return json.dumps([server.records(kind, with_deleted=with_deleted) for kind in kinds], ensure_ascii=False).lower()


def test_from_six_systems_at_once(empty: dict[str, SandboxClient], engine: Engine) -> None:
    contact = empty["salesforce"].insert("Contact", [HERE])[0]
    lead = empty["salesforce"].insert("Lead", [{**HERE, "Company": "Nordwerk GmbH", "Status": "Open"}])[0]
    there = {name: str(empty[name].insert("contacts", [fields])[0]) for name, fields in THERE.items()}
    others = {name: str(empty[name].insert("contacts", [_other(fields)])[0]) for name, fields in THERE.items()}
    systems = {name: connector(name, server) for name, server in empty.items()}
    settings = [load_settings(SHIPPED / name) for name in THERE]
    eraser = Eraser(engine, systems, roles_of(settings))
    told = plan(eraser, f"salesforce:{contact}")
    assert told["systems"]["salesforce"]["found"] == [f"contact {contact}", f"lead {lead}"]
    assert {name: each["found"] for name, each in told["systems"].items() if name != "salesforce"} == {
        name: [f"contact {id}"] for name, id in there.items()
    }
    proof = erase(eraser, f"salesforce:{contact}", told["code"])
    assert proof["state"] == "done"
    assert {name: each["gone"] for name, each in proof["systems"].items()} == {
        name: each["found"] for name, each in told["systems"].items()
    }
    for name, server in empty.items():
        assert not [word for word in WORDS if word in everything(name, server, name != "getresponse")], name
    for name, id in others.items():
        assert id.lower() in everything(name, empty[name])
        assert "aster" in everything(name, empty[name])
    assert "only its support" in proof["systems"]["getresponse"]["remains"]
    assert "delete it in Lemontaps" in proof["systems"]["lemontaps"]["remains"]
    assert not [word for word in WORDS if word in texts_of(proof).lower()]
    assert places_of(engine, *WORDS) == []


def _other(fields: Mapping[str, Any]) -> dict[str, Any]:
    swaps = ((EMAIL, "aster@nordwerk.example"), (NAME[0], "Ada"), (NAME[1], "Aster"))
    other = dict(fields)
    for old, new in swaps:
        other = {name: value.replace(old, new) if isinstance(value, str) else value for name, value in other.items()}
    return other


@pytest.fixture(params=PEOPLE, ids=lambda case: case.app)
def world(request: pytest.FixtureRequest, servers: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> Course:
    """An app and an org after the run that enables the integration."""
    case: Case = replace(request.param, there=THERE[request.param.app])
    made = course(case, engine, tmp_path, servers["salesforce"], servers[case.app])
    made.stages = QUICK
    made.run()
    return made


def test_our_tables_hold_nothing_of_a_pair(world: Course) -> None:
    here, there = world.put_here(), world.put_there()
    for _ in range(2):
        world.run(mode="backfill")
    assert places_of(world.engine, EMAIL)
    proof = erase(eraser_of(world), f"{world.case.app}:{there}")
    assert proof["state"] == "done"
    assert f"contact {there}" in proof["systems"][world.case.app]["gone"]
    assert here not in world.all_here()
    assert places_of(world.engine, *WORDS) == []


def test_nobody_erased_comes_in_again_from_either_side(world: Course) -> None:
    world.put_there()
    world.run(mode="backfill")
    erase(eraser_of(world), EMAIL)
    here, there = world.put_here(), world.put_there()
    shown = set(world.all_there())
    world.run(mode="backfill")
    world.run(record_ids=(f"app:{there}", here))
    world.run()
    assert set(world.all_here()) == {here}
    assert set(world.all_there()) == shown
    assert places_of(world.engine, *WORDS) == []


def test_a_converted_lead_does_not_bring_somebody_back(servers: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> None:
    case = next(each for each in PEOPLE if each.app == "activecampaign")
    world = course(case, engine, tmp_path, servers["salesforce"], servers["activecampaign"])
    world.stages = QUICK
    world.run()
    world.pair()
    erase(eraser_of(world), EMAIL)
    lead = world.put_here()
    world.run()
    world.salesforce.action("convert_lead", lead=lead)
    world.run()
    assert world.all_there() == {}
    assert places_of(world.engine, *WORDS) == []


def test_files_of_lemontaps_are_left_to_a_person(empty: dict[str, SandboxClient], engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(f"First name,Last name,Email,Company\n{NAME[0]},{NAME[1]},{EMAIL},Nordwerk GmbH\n")
    folder = build_connector("lemontaps", Settings(extra={"path": str(tmp_path)}))
    systems = {"salesforce": connector("salesforce", empty["salesforce"]), "lemontaps": folder}
    eraser = Eraser(engine, systems, roles_of([load_settings(SHIPPED / "lemontaps")]))
    code = plan(eraser, EMAIL)["code"]
    with pytest.raises(PermanentError, match="is still there") as caught:
        erase(eraser, EMAIL, code)
    assert "lemontaps" in str(caught.value)
    file.unlink()
    assert erase(eraser, EMAIL, code)["state"] == "done"
    assert places_of(engine, *WORDS) == []
