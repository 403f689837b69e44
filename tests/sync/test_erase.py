"""Erasing a person from Salesforce, Freshdesk and our own tables; nobody erased comes in again."""

import logging
from dataclasses import replace

import pytest
from sqlalchemy import text

from connectors.errors import PermanentError, TransientError
from erasing_world import erase, eraser_of, places_of, plan, texts_of
from pipeline import QUICK, World
from sync.audit import audit

KEY = "a-key-of-the-tests-that-nobody-would-guess"
EMAIL = "zoraida.quexley@uniq-9f3.example"
NAME = ("Zoraida", "Quexley")
WORDS = (EMAIL, "zoraida", "quexley")

pytestmark = pytest.mark.feature("ALL-26")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the block list."""
    monkeypatch.setenv("LOCKSTEP_ERASURE_KEY", KEY)


@pytest.fixture
def pair(world: World) -> tuple[str, int]:
    """A person in both systems who has left traces everywhere: changes, a conflict, a rejection, a planned batch."""
    world.stages = QUICK
    world.run()
    here, there = world.linked_contact(FirstName=NAME[0], LastName=NAME[1], Email=EMAIL, Title="Buyer")
    world.edit(here, Title=f"Head of {NAME[1]}")
    world.edit(there, job_title=f"Chief {NAME[1]}")
    world.run()
    world.contact(FirstName="Twin", LastName=NAME[1], Email=EMAIL)
    world.run()
    world.edit(here, Title=f"{NAME[0]} again")
    world.run(mode="plan")
    return here, there


def test_a_plan_changes_nothing_and_names_nobody(world: World, pair: tuple[str, int]) -> None:
    before, writes = world.snapshot(), world.writes()
    told = plan(eraser_of(world), EMAIL.upper())
    assert told["state"] == "planned"
    assert f"contact {pair[0]}" in told["systems"]["salesforce"]["found"]
    assert told["systems"]["freshdesk"]["found"] == [f"contact {pair[1]}"]
    assert (world.snapshot(), world.writes()) == (before, writes)
    assert not [word for word in WORDS if word in texts_of(told).lower()]


def test_the_person_is_gone_everywhere_and_the_proof_says_so_without_a_name(
    world: World, pair: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    found = places_of(world.engine, *WORDS)
    assert {"sync.link.base", "sync.action.fields", "sync.conflict.app_value", "sync.rejection.raw", "staging.raw.raw"} <= set(
        found
    )
    with caplog.at_level(logging.DEBUG):
        proof = erase(eraser_of(world), EMAIL)
    assert proof["state"] == "done"
    assert world.salesforce.records("Contact") == []
    assert world.app.records("contacts", with_deleted=True) == []
    assert f"contact {pair[0]}" in proof["systems"]["salesforce"]["gone"]
    assert proof["systems"]["freshdesk"]["gone"] == [f"contact {pair[1]}"]
    assert places_of(world.engine, *WORDS) == []
    assert proof["tables"]["removed"]["sync.link"] == 1
    assert not [word for word in WORDS if word in (texts_of(proof) + caplog.text).lower()]
    assert world.rows("select asked_by, run_id, state, report from sync.erasure") == [("ada", "manual-2", "done", proof)]


@pytest.mark.usefixtures("pair")
def test_without_the_right_to_delete_for_good_the_proof_says_where_the_record_still_is(world: World) -> None:
    proof = erase(eraser_of(world), EMAIL)
    assert all("recycle bin" in words for words in proof["systems"]["salesforce"]["notes"].values())
    world.salesforce.action("empty_recycle_bin")
    here = world.contact(Email=EMAIL)
    world.salesforce.switches(allow_hard_delete=True)
    proof = erase(eraser_of(world), f"salesforce:{here}")
    assert proof["systems"]["salesforce"] == {"gone": [f"contact {here}"], "left": [], "notes": {}, "remains": ""}
    assert world.salesforce.records("Contact", with_deleted=True) == []


@pytest.mark.parametrize("side", ["salesforce", "app"])
@pytest.mark.usefixtures("pair")
def test_nobody_erased_is_made_again_from_either_side(world: World, side: str, caplog: pytest.LogCaptureFixture) -> None:
    erase(eraser_of(world), EMAIL)
    if side == "salesforce":
        world.contact(FirstName=NAME[0], LastName=NAME[1], Email=EMAIL.title())
        world.contact(LastName="Aster", Email="aster@nordwerk.example")
    else:
        world.desk_contact(name=" ".join(NAME), email=EMAIL)
        world.desk_contact(name="Aster", email="aster@nordwerk.example")
    world.run()
    assert world.contact_totals() == ((2, 1) if side == "salesforce" else (1, 2))
    assert places_of(world.engine, *WORDS) == []
    counts = world.rows("select counts->'erased' from sync.batch order by id desc limit 1")[0][0]
    assert counts == {f"contact {side}": 1}
    assert "belong to erased people" in caplog.text
    world.run(mode="backfill")
    assert world.contact_totals() == ((2, 1) if side == "salesforce" else (1, 2))
    assert places_of(world.engine, *WORDS) == []


def test_what_the_systems_still_tell_of_a_deleted_record_does_not_come_back(world: World, pair: tuple[str, int]) -> None:
    erase(eraser_of(world), EMAIL)
    assert world.salesforce.records("Contact", with_deleted=True)[0]["Email"] == EMAIL
    world.run()
    assert places_of(world.engine, *WORDS, pair[0]) == ["sync.erasure.report"]


def test_an_erased_person_is_nobody_s_match(world: World, pair: tuple[str, int]) -> None:
    erase(eraser_of(world), EMAIL)
    here = world.contact(FirstName=NAME[0], LastName=NAME[1], Email=EMAIL)
    world.desk_contact(name=" ".join(NAME), email=EMAIL)
    world.run(mode="backfill")
    world.run(record_ids=(here,))
    assert world.rows("select count(*) from sync.link")[0][0] == 0
    assert places_of(world.engine, *WORDS) == []


def test_a_record_names_the_person_and_its_link_leads_to_the_others(world: World, pair: tuple[str, int]) -> None:
    world.edit(pair[1], email="other@private.example")
    told = plan(eraser_of(world), f"freshdesk:{pair[1]}")
    assert f"contact {pair[0]}" in told["systems"]["salesforce"]["found"]
    assert told["addresses"] == 2
    erase(eraser_of(world), f"freshdesk:{pair[1]}")
    world.desk_contact(name="Again", email="other@private.example")
    world.contact(FirstName="Again", Email=EMAIL)
    world.run()
    assert world.contact_totals() == (1, 1)


@pytest.mark.usefixtures("pair")
def test_only_the_code_of_what_is_found_erases(world: World) -> None:
    code = plan(eraser_of(world), EMAIL)["code"]
    world.contact(FirstName="Late", Email=EMAIL)
    for wrong in (code, "0000-0000-0000"):
        with pytest.raises(PermanentError, match="not the code of what is found now"):
            erase(eraser_of(world), EMAIL, wrong)
    assert len(world.salesforce.records("Contact")) == 3
    assert world.rows("select count(*) from sync.erased")[0][0] == 0


@pytest.mark.usefixtures("pair")
def test_done_is_done_and_is_told_again(world: World) -> None:
    code = plan(eraser_of(world), EMAIL)["code"]
    first = erase(eraser_of(world), EMAIL, code)
    world.salesforce.reset_calls()
    assert erase(eraser_of(world), EMAIL, code) == first
    assert world.salesforce.calls()["write"] == 0
    assert erase(eraser_of(world), EMAIL)["state"] == "done"


def test_a_system_that_is_down_is_left_told_and_caught_up_with(world: World, pair: tuple[str, int]) -> None:
    world.hurry()
    code = plan(eraser_of(world), EMAIL)["code"]
    world.app.fault("500", times=-1, method="DELETE")
    with pytest.raises(TransientError, match=r"not erased everywhere.*Left: freshdesk") as caught:
        erase(eraser_of(world), EMAIL, code)
    assert not [word for word in WORDS if word in str(caught.value).lower()]
    assert world.salesforce.records("Contact") == []
    assert len(world.app.records("contacts")) == 1
    assert world.rows("select state, report->>'state' from sync.erasure") == [("left", "left")]
    world.run()
    assert len(world.salesforce.records("Contact")) == 0
    world.app.clear_faults()
    proof = erase(eraser_of(world), EMAIL, code)
    assert proof["state"] == "done"
    assert proof["systems"]["freshdesk"]["gone"] == [f"contact {pair[1]}"]
    assert places_of(world.engine, *WORDS) == []


class Killed(BaseException):
    """What happens to a task that is killed."""


class Deadly:
    """A system in whose midst the task is killed."""

    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def erase_person(self, entity: str, ids: object) -> object:
        """End here."""
        raise Killed


def test_killed_in_the_midst_it_goes_on(world: World, pair: tuple[str, int]) -> None:
    eraser = eraser_of(world)
    code = plan(eraser, EMAIL)["code"]
    deadly = eraser_of(world, freshdesk=Deadly(world.connectors["app"]))  # type: ignore[arg-type]
    with pytest.raises(Killed):
        erase(deadly, EMAIL, code)
    assert world.rows("select state from sync.erasure") == [("running",)]
    world.run()
    assert world.contact_totals() == (0, 1)
    assert erase(eraser, EMAIL, code)["state"] == "done"
    assert world.contact_totals() == (0, 0)
    assert places_of(world.engine, *WORDS) == []


@pytest.mark.usefixtures("pair")
def test_a_code_serves_for_nobody_else(world: World) -> None:
    world.hurry()
    code = plan(eraser_of(world), EMAIL)["code"]
    world.app.fault("500", times=-1, method="DELETE")
    with pytest.raises(TransientError):
        erase(eraser_of(world), EMAIL, code)
    other = world.contact(Email="other@nordwerk.example")
    with pytest.raises(PermanentError, match="a plan for somebody else"):
        erase(eraser_of(world), "other@nordwerk.example", code)
    assert [row["Id"] for row in world.salesforce.records("Contact")] == [other]


@pytest.mark.usefixtures("pair")
def test_another_record_that_quotes_the_address_is_listed_and_keeps_its_value(world: World) -> None:
    firm = world.account("Nordwerk", Description=f"ask {EMAIL} first")
    world.run()
    proof = erase(eraser_of(world), EMAIL)
    assert [each["salesforce_id"] for each in proof["tables"]["mentions"]] == [firm]
    assert places_of(world.engine, EMAIL) == ["sync.link.base"]
    world.salesforce.edit("Account", firm, {"Description": "ask nobody"})
    world.run()
    assert world.app.records("companies")[0]["description"] == "ask nobody"
    assert places_of(world.engine, EMAIL) in ([], ["sync.action.fields"])


@pytest.mark.usefixtures("pair")
def test_somebody_else_of_the_same_name_keeps_everything(world: World) -> None:
    namesake = world.contact(FirstName=NAME[0], LastName=NAME[1], Email=f"x{EMAIL}")
    world.run()
    erase(eraser_of(world), EMAIL)
    assert [row["Id"] for row in world.salesforce.records("Contact")] == [namesake]
    assert world.desk(namesake)["email"] == f"x{EMAIL}"
    world.assert_settled()


def test_no_key_or_a_short_one_erases_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.contact(Email=EMAIL)
    monkeypatch.setenv("LOCKSTEP_ERASURE_KEY", "short")
    with pytest.raises(PermanentError, match="needs a key of at least 32 characters"):
        plan(eraser_of(world), EMAIL)
    assert len(world.salesforce.records("Contact")) == 1


@pytest.mark.usefixtures("pair")
def test_without_the_key_of_the_list_nothing_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    erase(eraser_of(world), EMAIL)
    monkeypatch.setenv("LOCKSTEP_ERASURE_KEY", KEY[::-1])
    world.contact(FirstName="Again", Email=EMAIL)
    with pytest.raises(PermanentError, match="made with another key"):
        world.run()
    assert world.contact_totals() == (1, 0)
    monkeypatch.setenv("LOCKSTEP_ERASURE_KEY", KEY)
    world.run()
    assert world.contact_totals() == (1, 0)


@pytest.mark.parametrize("word", ["Mara Lind", "freshdesk:", "sap:12", "salesforce:001000000000001AAA", "salesforce:abc"])
def test_only_people_are_erased(world: World, word: str) -> None:
    with pytest.raises(PermanentError, match=r"neither an e-mail address nor a record|belongs to no contact") as caught:
        plan(eraser_of(world), word)
    assert "Lind" not in str(caught.value)


@pytest.mark.usefixtures("pair")
def test_the_list_holds_no_address_and_no_id(world: World, pair: tuple[str, int]) -> None:
    erase(eraser_of(world), EMAIL)
    rows = world.rows("select hash, kind from sync.erased order by kind")
    assert [kind for _, kind in rows].count("email") == 1
    assert all(len(each) == 64 and pair[0] not in each for each, _ in rows)


def test_only_the_systems_chosen_lose_their_record_and_no_run_carries_the_other_one_over_again(world: World) -> None:
    world.stages = QUICK
    world.run()
    here, there = world.linked_contact(FirstName=NAME[0], LastName=NAME[1], Email=None, Phone="+49 431 5550199")
    whole = eraser_of(world)
    chosen = replace(whole, systems={"freshdesk": whole.systems["freshdesk"]})
    told = plan(chosen, f"freshdesk:{there}")
    assert told["elsewhere"] == [f"salesforce contact {here}"]
    proof = erase(chosen, f"freshdesk:{there}", told["code"])
    assert (proof["state"], proof["elsewhere"]) == ("done", [f"salesforce contact {here}"])
    world.edit(here, Title="Head")
    world.run(mode="backfill")
    assert world.contact_totals() == (1, 0)
    assert places_of(world.engine, *WORDS, "5550199") == []


@pytest.mark.usefixtures("pair")
def test_the_audit_neither_reports_nor_repairs_what_was_erased(world: World) -> None:
    erase(eraser_of(world), EMAIL)
    world.contact(FirstName=NAME[0], LastName=NAME[1], Email=EMAIL)
    world.run()
    for server in (world.salesforce, world.app):
        server.clock(7200)
    world.run()
    report = audit(world.engine, world.folder, "audit-1", lambda _: world.connectors)
    for server in (world.salesforce, world.app):
        server.clock(0)
    assert report is not None
    assert report.found == []
    world.run()
    assert world.contact_totals() == (1, 0)
    assert places_of(world.engine, *WORDS) == []


def test_a_held_plan_does_not_bring_the_person_back(world: World) -> None:
    world.stages = QUICK
    world.run()
    world.contact(FirstName=NAME[0], LastName=NAME[1], Email=EMAIL)
    world.run(mode="plan")
    assert "sync.action.fields" in places_of(world.engine, EMAIL)
    erase(eraser_of(world), EMAIL)
    assert world.rows("select count(*) from sync.action where state = 'planned'")[0][0] == 0
    with world.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from sync.link")) == 0
