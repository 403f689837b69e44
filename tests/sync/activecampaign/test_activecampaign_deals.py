"""Opportunities of Salesforce as deals of ActiveCampaign, and how each stands."""

from datetime import UTC, datetime, timedelta

import pytest

from activecampaign_world import ActiveCampaignWorld
from health import queries_records, queries_waiting
from pipeline import QUICK
from sync.stages import STAGES

STATE, TIME = "AC_Sync_Status__c", "AC_Last_Sync__c"


def state(world: ActiveCampaignWorld, opportunity: str) -> str:
    """How an opportunity stands, as Salesforce shows it."""
    return str(world.one("Opportunity", opportunity)[STATE]).lower()


@pytest.mark.feature("AC-06")
def test_an_opportunity_becomes_a_deal_of_its_contact_in_one_run(world: ActiveCampaignWorld) -> None:
    world.run()
    contact = world.contact(Email="mara@nordwerk.example")
    opportunity = world.opportunity(contact, Name="Renewal", Amount=1250.5, StageName="Qualification", CloseDate="2026-12-24")
    world.run()
    deal = world.one("deals")
    assert (deal["title"], deal["value"], deal["currency"], deal["stage_title"], deal["status"]) == (
        "Renewal",
        "125050",
        "eur",
        "Qualification",
        "0",
    )
    assert deal["contact"] == world.partner("contact", contact)
    assert deal["fields"] == {"CLOSEDATE": "2026-12-24", "SFOPPORTUNITYID": opportunity}
    assert world.rejections() == {}
    world.assert_settled()


@pytest.mark.feature("AC-06")
@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"Name": "Retrofit"}, "title", "Retrofit"),
        ({"Amount": 99.9}, "value", "9990"),
        ({"StageName": "Closed Won"}, "status", "1"),
        ({"StageName": "Closed Lost"}, "stage_title", "Closed Lost"),
        ({"CloseDate": "2027-01-31"}, "fields", "2027-01-31"),
    ],
)
def test_a_change_in_one_of_the_four_fields_is_sent(enabled: ActiveCampaignWorld, change: dict, field: str, value: str) -> None:
    opportunity = enabled.opportunity(enabled.contact(Email="mara@nordwerk.example"))
    enabled.run()
    enabled.change_here("Opportunity", opportunity, **change)
    enabled.run()
    deal = enabled.one("deals")
    assert (deal[field]["CLOSEDATE"] if field == "fields" else deal[field]) == value
    enabled.assert_settled()


@pytest.mark.feature("AC-06")
def test_a_change_in_another_field_sends_nothing(enabled: ActiveCampaignWorld) -> None:
    opportunity = enabled.opportunity(enabled.contact(Email="mara@nordwerk.example"))
    enabled.run()
    enabled.app.reset_calls()
    before = enabled.one("Opportunity")[TIME]
    enabled.change_here("Opportunity", opportunity, Description="much to tell", NextStep="call", Probability=33)
    enabled.run()
    assert enabled.app.calls()["write"] == 0
    assert enabled.one("Opportunity")[TIME] == before
    enabled.change("opportunity.csv", "# Description,", "Description,")
    enabled.change_here("Opportunity", opportunity, Description="more to tell")
    enabled.run()
    assert enabled.one("deals")["description"] == "more to tell", "more fields by CSV"
    enabled.assert_settled()


@pytest.mark.feature("AC-06")
def test_what_people_do_to_a_deal_in_activecampaign_stays(enabled: ActiveCampaignWorld) -> None:
    opportunity = enabled.opportunity(enabled.contact(Email="mara@nordwerk.example"))
    enabled.run()
    deal = enabled.one("deals")["id"]
    enabled.app.edit("deals", deal, {"description": "seen at the fair"})
    enabled.run()
    assert enabled.one("Opportunity", opportunity)["Name"] == "Renewal"
    enabled.change_here("Opportunity", opportunity, Amount=7)
    enabled.run()
    assert (enabled.one("deals")["description"], enabled.one("deals")["value"]) == ("seen at the fair", "700")
    enabled.assert_settled()


@pytest.mark.feature("AC-06")
def test_deals_made_in_activecampaign_stay_there(enabled: ActiveCampaignWorld) -> None:
    there = enabled.subscriber()
    enabled.app.insert("deals", [{"title": "Walk-in", "contact": there, "stage": "1"}])
    enabled.run()
    assert enabled.found("Opportunity") == []


@pytest.mark.feature("AC-06", "ALL-29")
def test_a_deal_whose_answer_was_lost_is_made_once(enabled: ActiveCampaignWorld) -> None:
    contact, _ = enabled.pair()
    enabled.app.fault("lost", method="POST", path="/deals")
    opportunity = enabled.opportunity(contact)
    enabled.run()
    enabled.run()
    assert enabled.one("deals")["fields"]["SFOPPORTUNITYID"] == opportunity
    enabled.assert_settled()


@pytest.mark.feature("AC-07")
@pytest.mark.parametrize(("stages", "why"), [(STAGES, "waits"), (QUICK, "reference_pending")])
def test_an_opportunity_waits_until_its_contact_is_in_activecampaign(
    enabled: ActiveCampaignWorld, stages: tuple[str, ...], why: str
) -> None:
    enabled.stages = stages  # the contact is held back by the checks, or refused by ActiveCampaign
    contact = enabled.contact(Email=None)
    opportunity = enabled.opportunity(contact)
    enabled.run()
    assert enabled.found("deals") == []
    assert enabled.rejections()[opportunity] == [why]
    assert state(enabled, opportunity) == "waiting for next sync"
    enabled.change_here("Contact", contact, Email="mara@nordwerk.example")
    enabled.run()
    assert enabled.one("deals")["contact"] == enabled.one("contacts")["id"]
    enabled.run()
    assert state(enabled, opportunity) == "synced"
    assert enabled.rejections() == {}
    enabled.assert_settled()


@pytest.mark.feature("AC-07")
def test_an_opportunity_without_a_contact_or_outside_the_filter_does_not_meet_the_criteria(enabled: ActiveCampaignWorld) -> None:
    enabled.change("settings.yaml", 'ContactId: ["*"]', 'ContactId: ["*"], Type: [New Customer]')
    contact, _ = enabled.pair()
    inside = enabled.opportunity(contact, Type="New Customer")
    others = [enabled.opportunity(contact, Type="Existing Business"), enabled.opportunity(None, Type="New Customer")]
    enabled.run()
    assert [deal["fields"]["SFOPPORTUNITYID"] for deal in enabled.found("deals")] == [inside]
    assert state(enabled, inside) == "synced"
    assert {state(enabled, other) for other in others} == {"did not meet sync criteria"}
    assert enabled.rejections() == {}, "there is nothing to mend"
    enabled.assert_settled()


@pytest.mark.feature("AC-07")
def test_a_run_with_nothing_else_to_do_tells_what_does_not_meet_the_criteria(enabled: ActiveCampaignWorld) -> None:
    alone = enabled.opportunity(None)
    counts = enabled.run()
    assert state(enabled, alone) == "did not meet sync criteria"
    assert counts["extract"]["opportunity"]["outside"] == 1
    assert enabled.rows("select count(*) from sync.action") == [(0,)]
    enabled.assert_settled()


@pytest.mark.feature("AC-07", "AC-08")
def test_an_opportunity_that_activecampaign_refuses_is_in_error_until_it_is_mended(enabled: ActiveCampaignWorld) -> None:
    contact, _ = enabled.pair()
    opportunity = enabled.opportunity(contact, StageName="Invented here")
    enabled.run()
    assert state(enabled, opportunity) == "error"
    [reasons] = [row[0] for row in enabled.rows("select reasons from sync.rejection where closed_at is null")]
    assert "Invented here" in reasons[0]["reason"]
    enabled.change_here("Opportunity", opportunity, StageName="Prospecting")
    enabled.run()
    assert state(enabled, opportunity) == "synced"
    assert enabled.rejections() == {}


@pytest.mark.feature("AC-08")
def test_status_and_time_are_written_to_two_fields_and_cause_no_echo(enabled: ActiveCampaignWorld) -> None:
    contact, _ = enabled.pair()
    before = datetime.now(UTC) - timedelta(seconds=2)
    opportunity = enabled.opportunity(contact)
    enabled.run()
    found = enabled.one("Opportunity", opportunity)
    assert found[STATE].lower() == "synced"
    assert datetime.fromisoformat(found[TIME]) >= before
    enabled.assert_settled()
    assert enabled.one("Opportunity", opportunity)[TIME] == found[TIME]


@pytest.mark.feature("AC-08")
def test_a_failure_of_a_deal_is_found_among_the_records_of_the_health_page(enabled: ActiveCampaignWorld) -> None:
    contact, _ = enabled.pair()
    enabled.app.fault("bad_record", id="Renewal", code="field_invalid", message="not today", times=-1)
    opportunity = enabled.opportunity(contact)
    enabled.run()
    with enabled.engine.connect() as connection:
        [waiting] = queries_waiting.rejections(connection, 1)
        [written] = queries_records.history(connection, 1, ["opportunity"])
    assert (waiting["entity"], waiting["record_id"]) == ("opportunity", opportunity)
    assert "not today" in waiting["reasons"][0]["reason"]
    assert (written["operation"], written["state"], "not today" in written["message"]) == ("create", "failed", True)


@pytest.mark.feature("AC-09")
def test_opportunities_of_the_past_come_on_request_only(enabled: ActiveCampaignWorld) -> None:
    stamp = "2026-01-02T03:04:05.000+0000"
    contact, _ = enabled.pair()
    enabled.opportunity(contact, SystemModstamp=stamp, LastModifiedDate=stamp, CreatedDate=stamp)
    enabled.run()
    assert enabled.found("deals") == []
    enabled.run(mode="backfill")
    assert enabled.one("deals")["title"] == "Renewal"
    enabled.assert_settled()
