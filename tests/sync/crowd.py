"""Five new people on either side and a pair whose title moved: what a run that is broken off has to do, and how it must end."""

from pipeline import QUICK, World


def make_crowd(world: World) -> None:
    """After the first run: five new contacts with a phone alone on either side, and one pair whose title moved."""
    world.stages = QUICK
    mara = world.contact(FirstName="Mara", Email="mara@nordwerk.example")
    world.run(mode="backfill")
    world.salesforce.edit("Contact", mara, {"Title": "CEO"})
    for number in range(5):
        world.contact(LastName=f"Sales {number}", Phone=f"+49 30 100{number}")
        world.desk_contact(name=f"Desk {number}", phone=f"+49 30 200{number}")


def assert_complete(world: World) -> None:
    """Eleven people on each side, each once, all linked and cross-referenced."""
    names = sorted(row["name"] for row in world.app.records("contacts"))
    people = [row["LastName"] for row in world.salesforce.records("Contact")]
    assert names == [f"Desk {n}" for n in range(5)] + ["Mara Lind"] + [f"Sales {n}" for n in range(5)]
    assert len(people) == len(set(people)) == 11
    query = "select salesforce_id, app_id from sync.link where state = 'live' and entity = 'contact'"
    links = {tuple(row) for row in world.rows(query)}
    assert links == {(row["Id"], row["FDCONTACTID__c"]) for row in world.salesforce.records("Contact")}
    assert links == {(row["custom_fields"]["sfcontactid"], str(row["id"])) for row in world.app.records("contacts")}
    assert [row["job_title"] for row in world.app.records("contacts") if row["name"] == "Mara Lind"] == ["CEO"]
    assert world.rejections() == {}
    assert world.rows("select 1 from sync.action where state in ('sending', 'unknown')") == []
