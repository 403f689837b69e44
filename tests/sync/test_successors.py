"""Over HTTP: links follow merged contacts and converted leads, and nobody is deleted or made twice for it."""

import pytest

from broken import Dying
from pipeline import World

LEAD = """  lead:
    app: contact
    match: [email]
    unique: [email]
    creates: {to_salesforce: no}
    deletes: {to_app: delete}
"""
ROWS = """salesforce_field,app_field,direction,transform,on_conflict,on_empty,overwrite,default,required,note
FirstName + LastName,name,both,full_name,,,,,yes,
Email,email,both,email,,salesforce,if_empty,,,
Title,job_title,both,,,,,,,
Description,description,both,,,,,,,
"""


def with_leads(world: World) -> None:
    """Let leads be Freshdesk contacts as well."""
    world.change("settings.yaml", "\nguard:", f"\n{LEAD}guard:")
    (world.folder / "lead.csv").write_text(ROWS)
    world.run()


@pytest.mark.feature("ALL-31")
def test_the_link_of_a_merged_contact_goes_over_to_the_one_that_is_left(enabled: World) -> None:
    loser, desk = enabled.linked_contact(Title="Buyer")
    winner = enabled.contact(FirstName="Mara", LastName="Lind-Berg", Email="mara@berg.example")
    enabled.salesforce.action("merge", kind="Contact", winner=winner, losers=[loser])
    enabled.run()
    assert enabled.partner("contact", winner) == str(desk)
    assert enabled.contact_totals() == (1, 1)
    held = enabled.desk(winner)
    assert (held["name"], held["job_title"], held["custom_fields"]["sfcontactid"]) == ("Mara Lind-Berg", "Buyer", winner)
    assert enabled.person(winner)["Title"] == "Buyer"
    assert enabled.person(winner)["FDCONTACTID__c"] == str(desk)
    enabled.assert_settled()


@pytest.mark.feature("ALL-31", "ALL-03")
def test_what_could_not_be_filled_in_yet_is_no_edit_of_the_next_run(enabled: World) -> None:
    loser, _ = enabled.linked_contact(Title="Buyer")
    winner = enabled.contact(FirstName="Mara", LastName="Lind-Berg", Email="mara@berg.example")
    enabled.salesforce.action("merge", kind="Contact", winner=winner, losers=[loser])
    enabled.salesforce.fault("bad_record", times=-1, id=winner)
    enabled.run()
    assert enabled.desk(winner)["custom_fields"]["sfcontactid"] == winner, "the app's half of the plan is done"
    assert enabled.person(winner).get("Title") is None
    enabled.salesforce.clear_faults()
    enabled.run()
    assert enabled.person(winner)["Title"] == "Buyer"
    assert enabled.desk(winner)["job_title"] == "Buyer"
    enabled.assert_settled()


@pytest.mark.feature("ALL-31", "ALL-18")
@pytest.mark.parametrize("there", ["Buyer", "Head of sales"])
def test_a_gap_that_somebody_fills_meanwhile_is_their_edit_alone(enabled: World, there: str) -> None:
    """Though the app wins conflicts: its value is the old one, unless it was edited, too."""
    enabled.change("settings.yaml", "prefer: salesforce ", "prefer: app        ")
    loser, desk = enabled.linked_contact(Title="Buyer")
    winner = enabled.contact(FirstName="Mara", LastName="Lind-Berg", Email="mara@berg.example")
    enabled.salesforce.action("merge", kind="Contact", winner=winner, losers=[loser])
    enabled.salesforce.fault("bad_record", times=-1, id=winner)
    enabled.run()
    enabled.salesforce.clear_faults()
    enabled.edit(winner, Title="Head of purchase")
    enabled.edit(desk, job_title=there)
    enabled.run()
    expected = "Head of purchase" if there == "Buyer" else there
    assert (enabled.person(winner)["Title"], enabled.desk(winner)["job_title"]) == (expected, expected)
    assert enabled.rows("select count(*) from sync.conflict where field = 'job_title'") == [(int(there != "Buyer"),)]
    enabled.assert_settled()


@pytest.mark.feature("ALL-31", "ALL-29")
def test_a_gap_is_no_edit_either_where_the_other_half_was_found_done_by_the_next_run(enabled: World) -> None:
    loser, _ = enabled.linked_contact(Title="Buyer")
    winner = enabled.contact(FirstName="Mara", LastName="Lind-Berg", Email="mara@berg.example")
    enabled.salesforce.action("merge", kind="Contact", winner=winner, losers=[loser])
    enabled.run(stages=("extract", "map", "reconcile"))
    alive = enabled.connectors
    enabled.connectors = {**alive, "app": Dying(alive["app"], 1, "update")}
    with pytest.raises(KeyboardInterrupt):
        enabled.stage("load")
    enabled.connectors = alive
    enabled.salesforce.fault("bad_record", times=-1, id=winner)
    enabled.run()
    enabled.salesforce.clear_faults()
    enabled.run(record_ids=[winner])
    assert enabled.person(winner)["Title"] == "Buyer"
    assert enabled.desk(winner)["job_title"] == "Buyer"
    enabled.assert_settled()


@pytest.mark.feature("ALL-31")
def test_two_linked_contacts_that_are_merged_leave_both_desk_contacts_for_a_person(enabled: World) -> None:
    loser, desk = enabled.linked_contact()
    winner, _ = enabled.linked_contact(Email="lind@nordwerk.example")
    enabled.salesforce.action("merge", kind="Contact", winner=winner, losers=[loser])
    enabled.run()
    assert enabled.contact_totals() == (1, 2)
    assert enabled.rejections() == {str(desk): ["merged"]}
    enabled.app.delete("contacts", desk)
    enabled.run()
    enabled.run()
    assert enabled.rejections() == {}
    assert enabled.contact_totals() == (1, 1)


@pytest.mark.feature("ALL-31")
@pytest.mark.feature("GR-12")
def test_the_link_of_a_converted_lead_goes_over_to_its_contact(enabled: World) -> None:
    with_leads(enabled)
    lead = enabled.salesforce.insert("Lead", [{"LastName": "Lind", "Company": "Nordwerk", "Email": "mara@nordwerk.example"}])[0]
    enabled.run()
    desk = enabled.partner("lead", lead)
    enabled.app.edit("contacts", int(desk), {"job_title": "Buyer"})
    contact = enabled.salesforce.action("convert_lead", lead=lead)["ConvertedContactId"]
    enabled.run()
    assert (enabled.partner("contact", contact), enabled.partner("lead", lead)) == (desk, None)
    assert enabled.contact_totals() == (1, 1)
    assert enabled.person(contact)["Title"] == "Buyer"
    assert enabled.desk(contact)["custom_fields"]["sfcontactid"] == contact
    enabled.assert_settled()
    enabled.edit(contact, Description="a customer by now")
    enabled.run()
    assert enabled.desk(contact)["description"] == "a customer by now"


@pytest.mark.feature("ALL-31", "ALL-26")
def test_a_lead_deleted_in_the_app_is_not_made_again_there_for_its_contact(enabled: World) -> None:
    with_leads(enabled)
    lead = enabled.salesforce.insert("Lead", [{"LastName": "Lind", "Company": "Nordwerk", "Email": "mara@nordwerk.example"}])[0]
    enabled.run()
    desk = enabled.partner("lead", lead)
    enabled.app.delete("contacts", int(desk))
    enabled.run()
    contact = enabled.salesforce.action("convert_lead", lead=lead)["ConvertedContactId"]
    enabled.edit(contact, Title="Buyer")
    enabled.run()
    enabled.run()
    assert enabled.contact_totals() == (1, 0)
    assert enabled.partner("contact", contact) == desk
    enabled.assert_settled()
    enabled.app.action("restore", id=int(desk))
    enabled.run()
    assert enabled.contact_totals() == (1, 1)
    assert enabled.desk(contact)["job_title"] == "Buyer"


@pytest.mark.feature("GR-12")
def test_leads_that_were_converted_before_are_nobody_new(enabled: World) -> None:
    with_leads(enabled)
    lead = enabled.salesforce.insert("Lead", [{"LastName": "Lind", "Company": "Nordwerk", "Email": "mara@nordwerk.example"}])[0]
    enabled.salesforce.action("convert_lead", lead=lead)
    enabled.run(mode="backfill")
    assert enabled.partner("lead", lead) is None
    assert enabled.contact_totals() == (1, 1)
    enabled.assert_settled()


@pytest.mark.feature("ALL-31")
def test_whom_the_app_has_newly_beside_the_one_a_merge_leads_to_is_not_made_a_second_time_in_salesforce(enabled: World) -> None:
    loser, desk = enabled.linked_contact()
    winner = enabled.contact(FirstName="Mara", LastName="Berg", Email="mara@berg.example")
    newcomer = enabled.desk_contact(name="Mara Berg", email="mara@berg.example")
    enabled.salesforce.action("merge", kind="Contact", winner=winner, losers=[loser])
    enabled.run()
    enabled.run()
    assert enabled.partner("contact", winner) == str(desk)
    assert enabled.contact_totals() == (1, 2)
    assert "not_unique" in enabled.rejections()[str(newcomer)]
