"""Logins: which flow a connection means, and every flow against the sandbox."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from transport import Answers

from connectors.errors import AuthError, TransientError
from connectors.salesforce_login import Credentials, domain_of, flow_of, sign_in
from connectors.session import Session

APP = {"consumer_key": "SANDBOX_CONSUMER_KEY"}
SECRET = {"consumer_secret": "sandbox-consumer-secret"}
USER = {"username": "sync@nordwerk.example"}


@pytest.fixture(scope="module")
def key_pair():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture
def private_key(salesforce, key_pair):
    salesforce.client.switches(jwt_public_key=key_pair[1])
    return key_pair[0]


def test_a_private_key_logs_in(salesforce, private_key):
    token, instance = sign_in(Credentials(**USER, **APP, private_key=private_key), salesforce.session())
    assert token.startswith("00D")
    assert instance == "https://nordwerk.my.salesforce.com"


def test_a_private_key_may_lie_in_a_file(salesforce, private_key, tmp_path):
    path = tmp_path / "key.pem"
    path.write_text(private_key)
    assert sign_in(Credentials(**USER, **APP, private_key_file=str(path)), salesforce.session())


def test_client_credentials_log_in_at_my_domain(salesforce):
    assert sign_in(Credentials(domain="nordwerk.my", **APP, **SECRET), salesforce.session())


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        (Credentials(domain="nordwerk.my", **APP, consumer_secret="wrong"), "invalid_client: invalid client credentials. Check"),
        (
            Credentials(domain="nordwerk.my", consumer_key="other", **SECRET),
            "client identifier invalid. Check",
        ),
        (Credentials(domain="login", **APP, **SECRET), "My Domain"),
        (Credentials(**USER), "no complete login"),
        (Credentials(**USER, **APP, private_key="-----BEGIN nothing"), "private key"),
        (Credentials(**USER, **APP, private_key_file="/nowhere/key.pem"), "private key"),
    ],
)
def test_a_login_that_cannot_work_says_why(salesforce, credentials, words):
    with pytest.raises(AuthError, match=words):
        sign_in(credentials, salesforce.session())


@pytest.mark.parametrize(
    ("credentials", "advice"),
    [
        ({"username": "nobody@nordwerk.example", "domain": "login"}, "let an administrator pre-authorize the app"),
        ({**USER, "domain": "test"}, "'test' for sandbox orgs"),
    ],
)
def test_a_key_that_is_refused_says_what_to_look_at_and_names_no_key(
    salesforce, private_key, credentials, advice, caplog, capsys
):
    with pytest.raises(AuthError, match=advice) as caught:
        sign_in(Credentials(**{**USER, **credentials}, **APP, private_key=private_key), salesforce.session())
    shown = capsys.readouterr()
    assert APP["consumer_key"] not in f"{caught.value}{caplog.text}{shown.out}{shown.err}"


def test_trouble_at_the_login_is_got_over(salesforce):
    salesforce.client.fault("503", times=2)
    assert sign_in(Credentials(domain="nordwerk.my", **APP, **SECRET), salesforce.session())
    salesforce.client.fault("cut", times=-1)
    with pytest.raises(TransientError):
        sign_in(Credentials(domain="nordwerk.my", **APP, **SECRET), salesforce.session())


def test_the_old_password_flow_works_with_a_warning(salesforce, caplog):
    credentials = Credentials(**USER, password="sandbox-password", domain="nordwerk.my", **APP, **SECRET)
    assert sign_in(credentials, salesforce.session())
    assert "Summer '27" in caplog.text


def test_the_first_complete_flow_wins_and_takes_only_its_own_arguments():
    everything = Credentials(**USER, **APP, **SECRET, private_key="key", password="p", security_token="t", domain="acme.my")
    assert set(flow_of(everything)) == {"username", "consumer_key", "domain", "privatekey"}
    assert set(flow_of(Credentials(domain="acme.my", **APP, **SECRET))) == {"consumer_key", "consumer_secret", "domain"}
    assert set(flow_of(Credentials(**USER, password="p", security_token="t"))) == {
        "username",
        "password",
        "domain",
        "security_token",
    }
    assert "organizationId" in flow_of(Credentials(**USER, password="p", organization_id="00D"))


@pytest.mark.parametrize("token", ["{}", "[]", '{"access_token": "00D!x"}', '{"access_token": 5, "instance_url": "https://x"}'])
def test_a_login_answered_with_other_json_is_a_matter_of_time(token):
    session = Session(pause=lambda _: None)
    session.http.mount("https://", Answers((200, {}, token)))
    with pytest.raises(TransientError, match="Salesforce answered POST acme"):
        sign_in(Credentials(domain="acme.my", **APP, **SECRET), session)


def test_a_login_that_names_a_server_without_https_is_refused():
    session = Session(pause=lambda _: None)
    session.http.mount(
        "https://", Answers((200, {}, '{"access_token": "00D!x", "instance_url": "http://acme.my.salesforce.com"}'))
    )
    with pytest.raises(AuthError, match="without https no token is sent"):
        sign_in(Credentials(domain="acme.my", **APP, **SECRET), session)


@pytest.mark.parametrize("text", ["https://user@", "acme my", "acme_my.salesforce.com"])
def test_a_domain_that_is_none_gets_no_credentials(text):
    with pytest.raises(AuthError, match="no domain of Salesforce"):
        domain_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "acme.my",
        "acme.my.salesforce.com",
        "https://acme.my.salesforce.com/",
        "acme.my.salesforce.com/",
        "acme.my.salesforce.com:443",
    ],
)
def test_a_domain_is_read_in_any_form(text):
    assert domain_of(text) == "acme.my"


def test_no_secret_is_shown_by_credentials():
    shown = repr(
        Credentials(**USER, consumer_key="k-1", consumer_secret="s-1", private_key="p-1", password="w-1", security_token="t-1")
    )
    assert not [secret for secret in ("k-1", "s-1", "p-1", "w-1", "t-1") if secret in shown]
