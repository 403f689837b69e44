"""ActiveCampaign keeps the contract; then what is ActiveCampaign's own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from benches import SandboxBench, reset
from connector_contract import HttpContract, records_of

from connectors.activecampaign import ActiveCampaignConnector
from connectors.contract import Write
from sandbox.client import SandboxClient
from sandbox.running import serve

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
KEY = "sandbox-activecampaign-token"


class ActiveCampaignBench(SandboxBench):
    """ActiveCampaign's contacts."""

    kind, id_field = "contacts", "id"
    email, name, phone, bad_email = "email", "lastName", "phone", "not-an-address"
    new_field = "fields.LOCKSTEPID"
    idle_calls = 1
    rows_per_call = 1
    lost_path = "/contact/sync"
    secrets = (KEY,)

    def __init__(self, client: SandboxClient) -> None:
        super().__init__(client)
        client.switches(rate_limit=False)
        self.connector = self.build()

    def build(self, api_key: str = KEY, **options: Any) -> ActiveCampaignConnector:
        return ActiveCampaignConnector("https://nordwerk.api-us1.com", api_key, self.session(**options))

    def wrong_key(self) -> ActiveCampaignConnector:
        return self.build("wrong")

    def row(self, id: str) -> Mapping[str, Any]:
        return self.live()[id]


@pytest.fixture(scope="module")
def server():
    with serve("activecampaign") as client:
        yield client


@pytest.fixture
def bench(server):
    with reset(server) as client:
        yield ActiveCampaignBench(client)


class TestActiveCampaign(HttpContract):
    """Nothing tells of deletions, fields cannot be unique, and a create may be repeated: the promises that differ."""

    def test_deletions_are_reported(self, bench):
        gone = bench.put(**self.new(bench, 1))
        bench.remove(gone)
        assert self.read_changes(bench, NOW) == {}
        assert not any(entity.has_delete_feed for entity in bench.connector.entities.values())

    def test_read_tells_what_is_deleted(self, bench):
        gone, kept = bench.put(**self.new(bench, 1)), bench.put(**self.new(bench, 2))
        bench.remove(gone)
        assert set(records_of(bench.connector.read("contact", [gone, kept], [bench.name]))) == {kept}

    def test_a_created_field_is_there_and_making_it_twice_is_no_matter(self, bench):
        for _ in range(2):
            bench.connector.create_field("contact", bench.new_field, "Lockstep id")
        made = next(field for field in bench.connector.describe("contact") if field.name == bench.new_field)
        assert (made.type, made.length, made.is_unique, made.is_custom) == ("text", 255, False, True)

    def test_a_lost_create_is_unknown_and_done_once(self, bench):
        bench.lose()
        writes = [Write("create", None, self.new(bench, number)) for number in range(2)]
        results = list(bench.connector.write("contact", writes))
        assert [result.state for result in results] == ["done", "done"]
        assert len(bench.live()) == 2
