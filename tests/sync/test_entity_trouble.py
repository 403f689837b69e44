"""Trouble with one entity stays with that entity: the others are read, planned and written."""

import pytest

from connectors.errors import AuthError, PermanentError, TransientError
from pipeline import QUICK, World

pytestmark = pytest.mark.feature("ALL-01")
FOR_EVER = {"times": -1}


@pytest.fixture
def hurried(world: World) -> World:
    """A world that does not wait long for a failing call, after its first run."""
    world.stages = QUICK
    world.hurry()
    world.run()
    return world


def test_companies_that_cannot_be_read_do_not_stop_contacts(hurried: World) -> None:
    hurried.app.fault("500", method="GET", path="/companies", **FOR_EVER)
    hurried.salesforce.insert("Account", [{"Name": "Nordwerk"}])
    contact = hurried.contact(Email="mara@nordwerk.example")
    with pytest.raises(PermanentError, match=r"account was not read.*500"):
        hurried.run()
    assert hurried.desk(contact)["email"] == "mara@nordwerk.example"
    assert hurried.app.records("companies") == [], "what was not held against the other side is not written"
    hurried.app.clear_faults()
    hurried.run()
    assert [row["name"] for row in hurried.app.records("companies")] == ["Nordwerk"]


def test_a_plan_that_lacks_an_entity_says_so(hurried: World) -> None:
    hurried.app.fault("500", method="GET", path="/companies", **FOR_EVER)
    contact = hurried.contact(Email="mara@nordwerk.example")
    with pytest.raises(PermanentError, match=r"account was not read.*500"):
        hurried.run(mode="plan")
    assert hurried.rows("select b.state, p.state from sync.batch b join sync.approval p on p.batch_id = b.id") == [
        ("planned", "offered")
    ]
    assert hurried.partner("contact", contact) is None


def test_trouble_is_told_also_when_the_others_have_nothing_new(hurried: World) -> None:
    hurried.app.fault("500", method="GET", path="/companies", **FOR_EVER)
    with pytest.raises(TransientError, match="500"):
        hurried.run()
    assert hurried.rows("select state from sync.batch order by id desc limit 1") == [("partial",)]


def test_companies_that_cannot_be_looked_up_do_not_stop_contacts(hurried: World) -> None:
    hurried.app.fault("500", method="GET", path="/companies", after=1, **FOR_EVER)
    hurried.salesforce.insert("Account", [{"Name": "Nordwerk"}])
    contact = hurried.contact(Email="mara@nordwerk.example")
    with pytest.raises(PermanentError, match="account was not read"):
        hurried.run()
    assert hurried.partner("contact", contact)
    assert hurried.app.records("companies") == []


def test_companies_that_cannot_be_written_do_not_stop_contacts(hurried: World) -> None:
    hurried.app.fault("500", method="POST", path="/companies", **FOR_EVER)
    names = [f"Werk {number:02}" for number in range(20)]
    hurried.salesforce.insert("Account", [{"Name": name} for name in names])
    contact = hurried.contact(Email="mara@nordwerk.example")
    with pytest.raises(TransientError, match="companies"):
        hurried.run()
    assert hurried.partner("contact", contact)
    with pytest.raises(TransientError, match="companies"):
        hurried.stage("load")
    hurried.app.clear_faults()
    hurried.stage("load")
    assert sorted(row["name"] for row in hurried.app.records("companies")) == names


def test_an_entity_whose_fields_are_not_shown_goes_on_unchecked(hurried: World) -> None:
    hurried.app.switches(admin_key=False)
    contact = hurried.contact(Email="mara@nordwerk.example")
    hurried.run()
    assert hurried.partner("contact", contact)


def test_rights_on_one_entity_are_its_own_trouble_a_wrong_key_is_everyones(hurried: World) -> None:
    hurried.app.fault("401", path="/companies", **FOR_EVER)
    contact = hurried.contact(Email="mara@nordwerk.example")
    with pytest.raises(PermanentError, match="account was not read"):
        hurried.run()
    assert hurried.partner("contact", contact)
    hurried.app.switches(api_key="another")
    with pytest.raises(AuthError):
        hurried.run()
