"""What a run says when Salesforce or ActiveCampaign lets nobody in."""

from dataclasses import replace
from typing import Any

import pytest

from activecampaign_world import ActiveCampaignWorld
from connectors.connection import Settings
from connectors.errors import AuthError, EditionError, PermanentError
from connectors.opening import build_connector
from sandbox.system import load


def enter(world: ActiveCampaignWorld, login: str = "", **extra: Any) -> None:
    """Connect Salesforce with other words in its connection."""
    told = load("salesforce").connection(world.salesforce.url)
    org = Settings(host=told["host"], login=login, extra={**told["extra"], **extra})
    world.connectors = {**world.connectors, "salesforce": build_connector("salesforce", org)}


def said(world: ActiveCampaignWorld) -> str:
    """Run; return what the failed run says."""
    with pytest.raises(AuthError) as caught:
        world.run()
    assert world.writes() == 0
    return str(caught.value)


@pytest.mark.feature("AC-11")
@pytest.mark.parametrize("domain", ["login", "test", "nowhere.my"])
def test_an_org_without_my_domain_is_told_so_with_what_to_do(world: ActiveCampaignWorld, domain: str) -> None:
    enter(world, domain=domain)
    words = said(world)
    assert "My Domain" in words
    assert "connection's domain" in words
    assert "sandbox-consumer-secret" not in words


@pytest.mark.feature("AC-11")
def test_an_org_that_lost_its_my_domain_is_told_so(world: ActiveCampaignWorld) -> None:
    world.salesforce.switches(my_domain="renamed")
    assert "The org has no My Domain of this name" in said(world)


@pytest.mark.feature("AC-11")
def test_an_endpoint_that_is_not_authorised_is_told_so_with_what_to_do(world: ActiveCampaignWorld) -> None:
    key = world.salesforce.action("jwt_private_key")
    enter(world, "nobody@nordwerk.example", private_key=key)
    assert "let an administrator pre-authorize the app for that user" in said(world)


@pytest.mark.feature("AC-11", "ALL-09")
def test_an_edition_without_api_is_told_so(world: ActiveCampaignWorld) -> None:
    world.salesforce.fault("disabled", times=-1)
    with pytest.raises(EditionError, match="API"):
        world.run()


@pytest.mark.feature("AC-11")
def test_a_wrong_key_for_activecampaign_is_told_so(world: ActiveCampaignWorld) -> None:
    told = load("activecampaign").connection(world.app.url)
    account = Settings(host=told["host"], password="wrong", extra=told["extra"])
    world.connectors = {**world.connectors, "app": build_connector("activecampaign", account)}
    words = said(world)
    assert "API key" in words
    assert "wrong" not in words


@pytest.mark.feature("AC-11")
def test_an_incomplete_connection_says_what_is_missing() -> None:
    whole = Settings(host="https://acme.api-us1.com", password="key")
    with pytest.raises(AuthError, match="password field"):
        build_connector("activecampaign", replace(whole, password=""))
    with pytest.raises(AuthError, match="Settings, Developer"):
        build_connector("activecampaign", replace(whole, host=""))
    with pytest.raises(PermanentError, match="https"):
        build_connector("activecampaign", replace(whole, host="http://acme.api-us1.com"))
    assert build_connector("activecampaign", replace(whole, host="acme")).account_id() == "acme.api-us1.com"


@pytest.mark.feature("AC-06", "ALL-01")
def test_a_plan_without_deals_does_not_stop_people(enabled: ActiveCampaignWorld) -> None:
    enabled.app.switches(crm_in_plan=False)
    enabled.contact(Email="mara@nordwerk.example")
    with pytest.raises(PermanentError, match="plan has no deals"):
        enabled.run()
    assert enabled.one("contacts")["email"] == "mara@nordwerk.example"
