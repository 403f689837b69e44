"""Records that fail a check are kept with every reason, good ones go on, and a mended one goes by itself."""

import pytest

from connectors.errors import RecordsRejectedError, TooManyRejectedError
from pipeline import World


@pytest.fixture
def strict(world: World) -> World:
    """A world that requires e-mail and company of contacts, after its first run."""
    rows = [line.split(",") for line in (world.folder / "contact.csv").read_text().splitlines()]
    required = rows[0].index("required")
    for row in rows:
        row[required] = "app" if row[0] in ("Email", "AccountId") else row[required]
    (world.folder / "contact.csv").write_text("\n".join(map(",".join, rows)))
    world.run()
    return world


def reasons(world: World, record_id: str) -> set[tuple[str, str]]:
    query = "select reasons from sync.rejection where record_id = :id and closed_at is null"
    return {(reason["field"], reason["code"]) for (found,) in world.rows(query, id=record_id) for reason in found}


@pytest.mark.feature("ALL-10", "ALL-14")
def test_a_record_is_rejected_with_every_reason_and_goes_once_it_is_mended(strict: World) -> None:
    account = strict.salesforce.insert("Account", [{"Name": "Nordwerk"}])[0]
    good = strict.contact(Email="good@nordwerk.example", Phone="1", AccountId=account)
    bad = strict.contact(Title="CEO", Phone="+49 30 1234")
    counts = strict.run()
    assert reasons(strict, bad) == {("email", "required"), ("company_id", "required")}
    assert counts["validate"]["contact"] == {"valid": 1, "rejected": 1}
    assert strict.partner("contact", good)
    assert not strict.partner("contact", bad)
    strict.salesforce.edit("Contact", bad, {"Email": "no address", "AccountId": account})
    strict.run()
    assert reasons(strict, bad) == {("email", "format")}
    strict.salesforce.edit("Contact", bad, {"Email": "bad@nordwerk.example"})
    strict.run()
    assert strict.desk(bad)["job_title"] == "CEO"
    assert strict.rejections() == {}
    assert strict.rows("select closed_at is not null, attempts from sync.rejection") == [(True, 2)]


@pytest.mark.feature("ALL-10")
def test_values_that_the_other_side_does_not_take_are_found_before_they_are_sent(world: World) -> None:
    world.salesforce.action(
        "add_field", full_name="Contact.Region__c", metadata={"type": "Text", "length": 40, "label": "Region"}
    )
    world.change("contact.csv", "Title,job_title", "Region__c,custom_fields.region,to_app,,,,,,,\nTitle,job_title")
    world.run()
    right = world.contact(Email="right@nordwerk.example", Region__c="North")
    wrong = world.contact(Email="wrong@nordwerk.example", Region__c="Nort")
    long = world.desk_contact(name="Jon Doe", email="jon@nordwerk.example", job_title="X" * 200)
    odd = world.desk_contact(name="Jon Odd", email="nowhere")
    world.run()
    assert reasons(world, str(long)) == {("job_title", "too_long")}
    assert reasons(world, str(odd)) == {("email", "format")}
    assert world.desk(right)["custom_fields"]["region"] == "North"
    assert reasons(world, wrong) == {("region", "not_allowed")}


@pytest.mark.feature("ALL-10")
def test_too_many_bad_records_stop_the_run_before_any_write(strict: World) -> None:
    strict.change("settings.yaml", "{share: 0.5, minimum: 50}", "{share: 0.5, minimum: 1}")
    account = strict.salesforce.insert("Account", [{"Name": "Nordwerk"}])[0]
    bad = [strict.contact(Phone=f"+49 30 {number}", AccountId=account) for number in range(3)]
    strict.contact(Email="good@nordwerk.example", AccountId=account)
    before = strict.writes()
    with pytest.raises(TooManyRejectedError, match="contact: 3 of 4"):
        strict.run()
    with pytest.raises(TooManyRejectedError, match="contact: 3 of 4"):
        strict.stage("validate")
    assert strict.writes() == before
    assert strict.rows("select state from sync.batch order by id desc limit 1") == [("failed",)]
    for number, record_id in enumerate(bad):
        strict.salesforce.edit("Contact", record_id, {"Email": f"mended{number}@nordwerk.example"})
    strict.run()
    assert len(strict.app.records("contacts")) == 4
    assert strict.rejections() == {}


@pytest.mark.feature("ALL-10")
@pytest.mark.parametrize("kind", ["Contact", "contacts"])
def test_a_whole_read_that_shows_far_too_few_rows_stops_the_run(world: World, kind: str) -> None:
    for number in range(4):
        world.contact(Email=f"person{number}@nordwerk.example")
    world.run(mode="backfill")
    hide(world, kind)
    before = world.writes()
    with pytest.raises(TooManyRejectedError, match="showed 1 records where at least 2 were expected"):
        world.run(mode="backfill")
    assert world.writes() == before


def hide(world: World, kind: str) -> None:
    """Let three of four records vanish without a trace, as they do for a user whose rights were cut."""
    server = world.salesforce if kind == "Contact" else world.app
    kept = server.records(kind)[:1]
    server.reset(cross_references=True)
    server.insert(kind, kept)


@pytest.mark.feature("ALL-10", "ALL-11")
def test_a_run_that_leaves_records_behind_ends_failed_though_the_good_ones_went(strict: World) -> None:
    strict.change("settings.yaml", "on_rejected: succeed", "on_rejected: fail")
    account = strict.salesforce.insert("Account", [{"Name": "Nordwerk"}])[0]
    good = strict.contact(Email="good@nordwerk.example", AccountId=account)
    bad = strict.contact(Phone="+49 30 1234", AccountId=account)
    with pytest.raises(
        RecordsRejectedError, match=rf"1 records are rejected \(1 new.*\n  contact {bad} in salesforce: required email"
    ):
        strict.run()
    assert strict.partner("contact", good)
    watermark = (
        "select max(value) > now() - interval '5 minutes' from sync.watermark where batch_id = (select max(id) from sync.batch)"
    )
    assert strict.rows(watermark) == [(True,)]
    assert strict.run()["extract"]["total"] == 0, "an old rejection makes no run fail again"
