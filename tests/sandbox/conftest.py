"""A Salesforce sandbox for the tests: the server, its admin client, a plain REST client and simple-salesforce."""

from collections.abc import Iterator

import pytest
import requests
from salesforce_rest import Rest
from simple_salesforce import Salesforce

from sandbox.client import RedirectAdapter, SandboxClient
from sandbox.running import serve

SECRET = "sandbox-consumer-secret"


@pytest.fixture(scope="session")
def salesforce_server() -> Iterator[SandboxClient]:
    """One server for all tests; `org` resets it."""
    with serve("salesforce") as client:
        yield client


@pytest.fixture
def org(salesforce_server: SandboxClient) -> SandboxClient:
    """The admin client of an empty org with the cross-reference fields."""
    salesforce_server.reset(cross_references=True)
    return salesforce_server


@pytest.fixture
def rest(org: SandboxClient) -> Iterator[Rest]:
    """A logged-in REST client."""
    client = Rest(org.url, org.action("issue_token"))
    yield client
    client.session.close()


@pytest.fixture
def vendor_session(org: SandboxClient) -> Iterator[requests.Session]:
    """A session that finds the sandbox behind every https address."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", RedirectAdapter(org.url))
        yield session


@pytest.fixture
def sf(vendor_session: requests.Session) -> Salesforce:
    """simple-salesforce, logged in with client credentials."""
    return Salesforce(consumer_key="SANDBOX_CONSUMER_KEY", consumer_secret=SECRET, domain="nordwerk.my", session=vendor_session)
