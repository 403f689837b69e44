"""One Airflow connection of type Salesforce serves the provider's own hook and our connector alike, in every flow and spelling.

Both find the sandbox behind the real host names, so that nothing in the connection differs from production.
"""

import json
from urllib.parse import quote

import pytest
import requests

from connectors.opening import open_connector
from sandbox.client import RedirectAdapter

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
KEY = {"consumer_key": "SANDBOX_CONSUMER_KEY"}
SECRET = {"consumer_secret": "sandbox-consumer-secret"}
USER = "sync@nordwerk.example"


@pytest.fixture
def private_key(salesforce):
    return salesforce.client.action("jwt_private_key")


@pytest.fixture
def store(salesforce, monkeypatch):
    """Store a connection in the environment, as JSON or as an address."""

    def put(stored):
        monkeypatch.setenv(
            "AIRFLOW_CONN_ORG", stored if isinstance(stored, str) else json.dumps({"conn_type": "salesforce", **stored})
        )

    return put


@pytest.fixture
def hook(salesforce):
    """The provider's hook, whose requests end at the sandbox."""
    hooks = pytest.importorskip("airflow.providers.salesforce.hooks.salesforce")
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", RedirectAdapter(salesforce.client.url))
        yield hooks.SalesforceHook("org", session=session)


@pytest.fixture
def connector_of_org(salesforce):
    """Our connector for the connection `org`, whose requests end at the sandbox too."""

    def build():
        connector = open_connector("salesforce", "org")
        connector._calls.session.http.mount("https://", RedirectAdapter(salesforce.client.url))
        return connector

    return build


def both_work(salesforce, hook, connector):
    """Each sees the org, and what the other wrote."""
    account = connector.ping()
    assert hook.make_query("SELECT Id, Name FROM Organization")["records"][0]["Id"] == account.id
    made = hook.get_conn().Account.create({"Name": "Nordwerk"})["id"]
    [page] = connector.find("account", "Name", ["nordwerk"], ["Name"])
    assert [record.id for record in page.records] == [made]
    assert {field.name for field in connector.describe("account")} >= set(hook.get_available_fields("Account"))
    assert salesforce.client.calls()["auth"] == 2


def test_a_private_key_in_the_connection(salesforce, store, hook, connector_of_org, private_key):
    store({"login": USER, "extra": {"domain": "login", **KEY, "private_key": private_key}})
    both_work(salesforce, hook, connector_of_org())


def test_a_private_key_in_a_file(salesforce, store, hook, connector_of_org, private_key, tmp_path):
    path = tmp_path / "key.pem"
    path.write_text(private_key)
    store({"login": USER, "extra": {"domain": "nordwerk.my", **KEY, "private_key_file_path": str(path)}})
    both_work(salesforce, hook, connector_of_org())


def test_a_sandbox_org_is_a_word_in_the_connection(salesforce, store, hook, connector_of_org, private_key):
    salesforce.client.switches(is_sandbox=True)
    store({"login": USER, "extra": {"domain": "test", **KEY, "private_key": private_key}})
    connector = connector_of_org()
    both_work(salesforce, hook, connector)
    assert connector.ping().is_sandbox


def test_client_credentials(salesforce, store, hook, connector_of_org):
    store({"extra": {"domain": "nordwerk.my", **KEY, **SECRET}})
    both_work(salesforce, hook, connector_of_org())


def test_the_names_of_older_forms(salesforce, store, hook, connector_of_org, private_key):
    extra = {"domain": "login", **KEY, "private_key": private_key, "consumer_secret": "", "instance_url": ""}
    store({"login": USER, "extra": {f"extra__salesforce__{name}": value for name, value in extra.items()}})
    both_work(salesforce, hook, connector_of_org())


def test_a_connection_written_as_an_address(salesforce, store, hook, connector_of_org, private_key):
    extra = {"domain": "login", **KEY, "private_key": private_key}
    store(f"salesforce://{quote(USER)}@/?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in extra.items()))
    both_work(salesforce, hook, connector_of_org())


def test_the_version_of_the_api_is_taken_from_the_connection(salesforce, store, hook, connector_of_org):
    store({"extra": {"domain": "nordwerk.my", **KEY, **SECRET, "version": "61.0"}})
    connector = connector_of_org()
    both_work(salesforce, hook, connector)
    assert connector._calls.root == f"/services/data/v{hook.get_conn().sf_version}" == "/services/data/v61.0"


def test_blanks_that_a_form_leaves_behind_choose_no_other_flow(salesforce, store, connector_of_org):
    blanks = dict.fromkeys(
        ("private_key", "private_key_file_path", "security_token", "organization_id", "version", "client_id"), ""
    )
    store({"login": "", "password": "", "extra": {"domain": "nordwerk.my", **KEY, **SECRET, **blanks}})
    assert connector_of_org().ping().name == "Nordwerk GmbH"
