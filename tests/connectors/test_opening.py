"""Connections become connectors."""

import json
import socket

import pytest

from connectors.connection import Settings
from connectors.contract import Connector
from connectors.errors import AuthError, EditionError, PermanentError, TransientError
from connectors.freshdesk import freshdesk_address
from connectors.opening import build_connector, open_connector
from sandbox.running import serve

CLIENT = {"consumer_key": "SANDBOX_CONSUMER_KEY", "consumer_secret": "sandbox-consumer-secret", "domain": "nordwerk.my"}


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        (Settings(host="https://acme.freshdesk.com/"), "https://acme.freshdesk.com"),
        (Settings(host="acme.freshdesk.com"), "https://acme.freshdesk.com"),
        (Settings(host="acme"), "https://acme.freshdesk.com"),
        (Settings(extra={"domain": "acme"}), "https://acme.freshdesk.com"),
        (Settings(host="http://127.0.0.1:8000"), "https://sandbox.freshdesk.com"),
        (Settings(host="http://127.0.0.1:8000", extra={"domain": "acme"}), "https://acme.freshdesk.com"),
        (Settings(host="127.0.0.1", port=8000, schema="http"), "https://sandbox.freshdesk.com"),
    ],
)
def test_a_freshdesk_account_is_named_in_any_form(settings, address):
    assert freshdesk_address(settings) == address


@pytest.mark.parametrize(
    ("settings", "loopback"),
    [
        (Settings(host="http://127.0.0.1:8000"), "http://127.0.0.1:8000"),
        (Settings(host="127.0.0.1", port=8000, schema="http"), "http://127.0.0.1:8000"),
        (Settings(host="http://localhost", port=8000), "http://localhost:8000"),
        (Settings(host="https://127.0.0.1:8000"), "https://127.0.0.1:8000"),
        (Settings(host="http://acme.example"), ""),
        (Settings(host="https://acme.my.salesforce.com"), ""),
        (Settings(), ""),
    ],
)
def test_only_a_loopback_address_is_a_rehearsal(settings, loopback):
    assert settings.loopback == loopback


def test_a_rehearsal_sends_everything_to_the_sandbox_the_login_too(salesforce):
    settings = Settings(host=salesforce.client.url, extra=CLIENT)
    connector: Connector = build_connector("salesforce", settings)
    assert connector.ping().id.startswith("00D")
    assert salesforce.client.calls()["auth"] == 1


def test_extras_may_have_the_prefix_of_older_forms(salesforce):
    extra = {f"extra__salesforce__{name}": value for name, value in CLIENT.items()} | {"password": ""}
    assert build_connector("salesforce", Settings(host=salesforce.client.url, extra=extra)).ping().id


@pytest.mark.parametrize("settings", [{"password": "sandbox-freshdesk-key"}, {"extra": {"api_key": "sandbox-freshdesk-key"}}])
def test_the_freshdesk_key_is_the_password_or_an_extra(freshdesk, settings):
    account = build_connector("freshdesk", Settings(host=freshdesk.client.url, **settings)).ping()
    assert (account.id, account.is_sandbox) == ("sandbox.freshdesk.com", True)


def test_options_and_calls_are_passed_on(freshdesk):
    heard = []
    settings = Settings(host=freshdesk.client.url, password="sandbox-freshdesk-key")
    connector = build_connector(
        "freshdesk",
        settings,
        restores_deleted=True,
        on_call=lambda kind, headers: heard.append((kind, "X-Ratelimit-Total" in headers)),
    )
    connector.ping()
    assert connector._restores_deleted
    assert heard == [("read", True)]


@pytest.mark.parametrize("settings", [Settings(host="acme"), Settings(password="key")])
def test_an_incomplete_freshdesk_connection_is_an_auth_error(settings):
    with pytest.raises(AuthError, match="Freshdesk connection has no"):
        build_connector("freshdesk", settings)


@pytest.mark.parametrize("system", ["salesforce", "freshdesk"])
def test_plain_http_elsewhere_is_refused(system):
    with pytest.raises(PermanentError, match="plain http"):
        build_connector(system, Settings(host="http://acme.example", password="key", extra=CLIENT))


def test_an_unknown_system_is_a_permanent_error():
    with pytest.raises(PermanentError, match="'erp'"):
        build_connector("erp", Settings())


def test_no_secret_is_shown_by_settings():
    assert "hush" not in repr(Settings(password="hush", extra={"private_key": "hush"}))


def test_a_stored_airflow_connection_opens(freshdesk, salesforce, monkeypatch):
    fields = {"conn_type": "http", "host": freshdesk.client.url, "password": "sandbox-freshdesk-key"}
    monkeypatch.setenv("AIRFLOW_CONN_FRESHDESK_TEST", json.dumps(fields))
    monkeypatch.setenv(
        "AIRFLOW_CONN_SALESFORCE_TEST", json.dumps({"conn_type": "salesforce", "host": salesforce.client.url, "extra": CLIENT})
    )
    assert open_connector("freshdesk", "freshdesk_test").ping().is_sandbox
    assert open_connector("salesforce", "salesforce_test").ping().name


def test_an_unknown_host_is_said_at_once():
    connector = build_connector("freshdesk", Settings(host="https://nobody.invalid", password="key"))
    with pytest.raises(PermanentError, match=r"nobody\.invalid.*: no host has this name\. Check the host"):
        connector.ping()


@pytest.mark.parametrize(("system", "fields"), [("freshdesk", {"password": "key"}), ("salesforce", {"extra": CLIENT})])
def test_a_system_that_does_not_listen_is_named_with_its_address(system, fields):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        connector = build_connector(system, Settings(host=address, **fields), total_seconds=0.1)
        with pytest.raises(TransientError, match=f"no connection to {address}"):
            connector.ping()


def test_a_connection_that_is_not_there_is_named(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_NOWHERE", raising=False)
    with pytest.raises(PermanentError, match=r"no connection 'nowhere' that can be read: .*AIRFLOW_CONN_NOWHERE"):
        open_connector("freshdesk", "nowhere")


@pytest.mark.parametrize(
    ("switch", "words"), [({"api_in_plan": False}, "plan has no API access"), ({"account_suspended": True}, "is suspended")]
)
@pytest.mark.parametrize("is_nested", [False, True])
def test_a_freshdesk_account_without_api_is_not_a_matter_of_the_key(freshdesk, switch, words, is_nested):
    freshdesk.client.switches(nested_403=is_nested, **switch)
    with pytest.raises(EditionError, match=words):
        freshdesk.connector.ping()


def test_a_rehearsal_may_speak_tls(monkeypatch):
    with serve("freshdesk", tls=True) as client:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", client.authority)
        assert client.url.startswith("https://")
        assert build_connector("freshdesk", Settings(host=client.url, password="sandbox-freshdesk-key")).ping().is_sandbox


def test_a_rehearsal_with_a_certificate_nobody_vouches_for_is_refused():
    with serve("freshdesk", tls=True) as client, pytest.raises(PermanentError, match="certificate"):
        build_connector("freshdesk", Settings(host=client.url, password="sandbox-freshdesk-key")).ping()
