"""Owners travel between linked users; those of nobody fall to the default user, which never travels back."""

import pytest

from connectors.contract import Field, User
from connectors.errors import MappingError
from connectors.memory import MemoryConnector
from pipeline import Pipeline
from sync.users import pair_users

pytestmark = pytest.mark.feature("FM-05")

ANNA, BERT, CLEO = (User(f"005{n}", f"{n}@nordwerk.example", f"{n.title()} Berg") for n in ("anna", "bert", "cleo"))
APP_ANNA, APP_BERT = User("1", "ANNA@nordwerk.example", "A. B."), User("2", "", "bert berg")
APP_DORA = User("4", "dora@elsewhere.example", "Dora")
DEFAULTS = "users: {default: {salesforce: cleo@nordwerk.example, app: Dora}}\noverlap_minutes: 10"


@pytest.fixture
def owned(memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> Pipeline:
    """Contacts with owners: Anna and Bert are in both systems, Cleo and Dora in one."""
    for connector, name in ((salesforce, "OwnerId"), (app, "owner_id")):
        connector.fields = {**connector.fields, "contact": [*connector.fields["contact"], Field(name, name, "reference")]}
    salesforce.people, app.people = (ANNA, BERT, CLEO), (APP_ANNA, APP_BERT, APP_DORA)
    path = memory.folder / "contact.csv"
    path.write_text(f"{path.read_text()}OwnerId,owner_id,both,reference:user,,,,,,\n")
    memory.run()
    return memory


def give(memory: Pipeline, default: str = DEFAULTS) -> None:
    memory.change("settings.yaml", "overlap_minutes: 10", default)


def put(memory: Pipeline, salesforce: MemoryConnector, owner: str, name: str = "Lind") -> str:
    contact = salesforce.put("contact", LastName=name, Email=f"{name}@nordwerk.example", OwnerId=owner)
    memory.run()
    return contact


def owners(app: MemoryConnector) -> list[str | None]:
    return [raw.get("owner_id") for raw in app.live("contact").values()]


def settle(memory: Pipeline) -> None:
    """Run until nothing moves: at most twice."""
    memory.run()
    assert set(memory.run()) == {"extract"}


def test_pairs_by_hand_then_address_then_name() -> None:
    twin = User("9", "", "Bert Berg")
    assert pair_users({"salesforce": [ANNA, BERT], "app": [APP_ANNA, APP_BERT]}, {}) == [(ANNA, APP_ANNA), (BERT, APP_BERT)]
    assert pair_users({"salesforce": [ANNA, BERT], "app": [APP_ANNA, APP_BERT, twin]}, {}) == [(ANNA, APP_ANNA)]
    by_hand = {"Anna Berg": "bert berg", "005bert": "anna@nordwerk.example"}
    assert pair_users({"salesforce": [ANNA, BERT], "app": [APP_ANNA, APP_BERT]}, by_hand) == [(ANNA, APP_BERT), (BERT, APP_ANNA)]


def test_owners_travel_both_ways(owned: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    contact = put(owned, salesforce, ANNA.id)
    assert owners(app) == [APP_ANNA.id]
    settle(owned)
    app.edit("contact", next(iter(app.live("contact"))), owner_id=APP_BERT.id)
    owned.run()
    assert salesforce.live("contact")[contact]["OwnerId"] == BERT.id
    settle(owned)


@pytest.mark.feature("LT-07")
def test_without_a_default_an_owner_of_nobody_is_left_to_the_system(
    owned: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    put(owned, salesforce, CLEO.id)
    assert owners(app) == [None]
    assert owned.counts["reconcile"]["contact"]["unlinked_users"] == 1
    assert owned.rows("select 1 from sync.rejection") == []
    [counts] = owned.rows("select counts->'users' from sync.batch where counts ? 'users' order by id desc limit 1")
    assert counts[0] == {"linked": 2, "unlinked": {"salesforce": ["Cleo Berg"], "app": ["Dora"]}}
    settle(owned)


def test_an_owner_of_nobody_falls_to_the_default_and_stays(
    owned: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    give(owned, "users: {default: {app: anna@nordwerk.example}}\noverlap_minutes: 10")
    contact = put(owned, salesforce, CLEO.id)
    assert owners(app) == [APP_ANNA.id]
    settle(owned)
    app.edit("contact", next(iter(app.live("contact"))), job_title="Head")
    owned.run()
    assert salesforce.live("contact")[contact] | {"OwnerId": CLEO.id, "Title": "Head"} == salesforce.live("contact")[contact]
    salesforce.edit("contact", contact, Title="Chief")
    owned.run()
    assert owners(app) == [APP_ANNA.id]
    app.edit("contact", next(iter(app.live("contact"))), owner_id=APP_BERT.id)
    owned.run()
    assert salesforce.live("contact")[contact]["OwnerId"] == BERT.id
    settle(owned)


def test_an_owner_that_leaves_for_nobody_falls_to_the_default(
    owned: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    give(owned)
    contact = put(owned, salesforce, ANNA.id)
    salesforce.edit("contact", contact, OwnerId=CLEO.id)
    owned.run()
    assert owners(app) == [APP_DORA.id]
    settle(owned)


def test_records_that_meet_keep_the_owner_somebody_has(
    owned: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    give(owned)
    app.put("contact", name="Lind", email="lind@nordwerk.example", owner_id=APP_BERT.id)
    put(owned, salesforce, CLEO.id)
    assert owners(app) == [APP_BERT.id]
    settle(owned)


def test_a_user_who_is_not_active_gets_no_new_records(owned: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    give(owned)
    put(owned, salesforce, ANNA.id)
    app.people = (User("1", "anna@nordwerk.example", "A. B.", is_active=False), APP_BERT, APP_DORA)
    put(owned, salesforce, ANNA.id, "Holm")
    assert owners(app) == [APP_ANNA.id, APP_DORA.id]
    settle(owned)


@pytest.mark.feature("LT-07")
def test_an_app_that_lists_nobody_names_owners_by_their_address(
    owned: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    app.people = ()
    app.put("contact", name="Jon Doe", email="jon@nordwerk.example", owner_id="Bert@nordwerk.example")
    owned.run()
    assert [raw["OwnerId"] for raw in salesforce.live("contact").values()] == [BERT.id]
    settle(owned)


def test_a_default_that_is_nobody_is_named_with_its_place(owned: Pipeline, salesforce: MemoryConnector) -> None:
    give(owned, "users: {default: {app: Emil}}\noverlap_minutes: 10")
    with pytest.raises(MappingError, match=r"settings\.yaml:\d+:\d+: users\.default\.app: 'Emil' is nobody in app"):
        put(owned, salesforce, ANNA.id)
