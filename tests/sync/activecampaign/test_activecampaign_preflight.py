"""The preflight makes what ActiveCampaign's integration needs in both systems, and says what it cannot make."""

import pytest

from activecampaign_world import ActiveCampaignWorld
from connectors.contract import Connector
from sync.checks import Check
from sync.preflight import Access, Preflight
from sync.settings import Settings, Side


def checks(world: ActiveCampaignWorld, creates: bool = False) -> list[Check]:
    """Run the preflight."""

    def connector(settings: Settings, side: Side) -> Connector:
        return world.connectors[side]

    url = world.engine.url.render_as_string(hide_password=False)
    return list(Preflight(world.folder, Access(lambda: url, connector), creates).checks())


@pytest.mark.feature("ALL-09", "AC-08")
def test_fields_are_missing_then_made_then_there(world: ActiveCampaignWorld) -> None:
    world.salesforce.reset()
    world.app.reset()
    world.app.switches(rate_limit=False)
    world.reconnect()
    missing = [check.subject for check in checks(world) if not check.is_met and " field " in check.subject]
    assert {subject.rpartition(" ")[2] for subject in missing} == {
        "ACCONTACTID__c", "AC_Sync_Status__c", "AC_Last_Sync__c", "fields.SFCONTACTID", "fields.SFLEADID", "fields.SFOPPORTUNITYID",
    }  # fmt: skip
    checks(world, creates=True)
    world.reconnect()
    assert [str(check) for check in checks(world) if not check.is_met] == []


@pytest.mark.feature("ALL-09")
def test_a_plan_without_deals_is_one_line(world: ActiveCampaignWorld) -> None:
    world.app.switches(crm_in_plan=False)
    unmet = [str(check) for check in checks(world) if not check.is_met]
    assert len(unmet) == 1
    assert "the plan has no deals" in unmet[0]
