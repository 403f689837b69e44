"""The sandbox as a client sees it that others generated from the vendor's OpenAPI: its models check the shape of every answer."""

import asyncio

import httpx
import pytest
from getresponse import GetResponseApiError, GetResponseClient
from getresponse.models import (
    ContactDetails,
    SearchContactsBySearchForm,
    UpdateContact,
    UpsertContactCustomFields,
)

from sandbox.running import serve


@pytest.fixture(scope="module")
def server():
    with serve("getresponse", seed="company") as client:
        client.switches(rate_limit=False, create_delay_seconds=0)
        yield client


@pytest.fixture
def ask(server):
    """Run a coroutine function with a client whose calls go to the sandbox."""

    def run(work, key="sandbox-getresponse-key"):
        async def inside():
            transport = httpx.AsyncHTTPTransport()
            async with GetResponseClient(key, base_url=f"{server.url}/v3", transport=transport) as client:
                return await work(client)

        return asyncio.run(inside())

    return run


def test_lists_fields_and_tags(ask):
    async def work(client):
        return (
            await client.campaigns_lists.get_campaign_list(),
            await client.custom_fields.get_custom_field_list(),
            await client.tags.get_tags_list(),
            await client.accounts.get_account(),
        )

    campaigns, fields, tags, account = ask(work)
    assert {campaign.name for campaign in campaigns} == {"newsletter", "trade_fair_leads"}
    assert {field.name: field.type_ for field in fields}["mobile_phone"] == "phone"
    assert {tag.name for tag in tags} >= {"vip", "webinar"}
    assert account.account_id


def test_every_contact_of_the_company_fits_the_models(ask, server):
    async def work(client):
        rows = await client.contacts.get_contact_list(per_page=1000, sort_created_on="ASC")
        return rows, [await client.contacts.get_contact_by_id(row.contact_id) for row in rows[:40]]

    rows, details = ask(work)
    live = [row for row in server.records("contacts") if row["state"] == "subscribed"]
    assert {row.contact_id for row in rows} == {row["contactId"] for row in live}
    assert all(row.changed_on.utcoffset() is not None for row in rows)
    assert any(tag.name for detail in details for tag in detail.tags)
    assert any(value.name == "city" for detail in details for value in detail.custom_field_values)


def test_a_contact_lives_and_dies(ask):
    async def work(client):
        [campaign] = await client.campaigns_lists.get_campaign_list(query_name="newsletter")
        fields = {field.name: field.custom_field_id for field in await client.custom_fields.get_custom_field_list()}
        body = {"email": "zoe@client.example", "name": "Zoe", "campaign": {"campaignId": campaign.campaign_id}}
        assert await client._core.request("POST", "/contacts", body=body) is None
        [row] = await client.contacts.get_contact_list(query_email="zoe@client.example", additional_flags="exactMatch")
        city = {"customFieldValues": [{"customFieldId": fields["city"], "value": ["Kiel"]}]}
        await client.contacts.upsert_contact_customs(row.contact_id, UpsertContactCustomFields.model_validate(city))
        changed = await client.contacts.update_contact(row.contact_id, UpdateContact(name="Zoe Lind"))
        assert isinstance(changed, ContactDetails)
        assert (changed.name, changed.custom_field_values[0].value) == ("Zoe Lind", ["Kiel"])
        await client.contacts.delete_contact(row.contact_id)
        with pytest.raises(GetResponseApiError) as gone:
            await client.contacts.get_contact_by_id(row.contact_id)
        return campaign.campaign_id, row.contact_id, gone.value

    campaign_id, contact_id, gone = ask(work)
    assert (gone.status_code, gone.code, gone.context) == (404, 1013, {"contactId": contact_id})
    form = SearchContactsBySearchForm.model_validate(
        {
            "subscribersType": ["removed"],
            "sectionLogicOperator": "or",
            "section": [
                {
                    "campaignIdsList": [campaign_id],
                    "logicOperator": "and",
                    "subscriberCycle": ["receiving_autoresponder", "not_receiving_autoresponder"],
                    "subscriptionDate": "all_time",
                    "conditions": [],
                }
            ],
        }
    )
    rows = ask(lambda client: client.search_contacts.get_contacts_from_search_contacts_conditions(form, per_page=1000))
    assert contact_id in {row.contact_id for row in rows}
    assert {row.reason.value for row in rows} >= {"api", "unsubscribe"}
    assert all(row.deleted_on for row in rows)


def test_a_wrong_key_is_the_clients_own_error(ask):
    with pytest.raises(GetResponseApiError) as caught:
        ask(lambda client: client.accounts.get_account(), key="wrong")
    assert (caught.value.status_code, caught.value.code) == (401, 1014)
    assert caught.value.uuid
