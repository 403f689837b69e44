"""Tokens and sessions of the Salesforce sandbox."""

import base64
import time

import jwt
import pytest
import requests
from salesforce_rest import error_of

from sandbox.salesforce.ids import INTEGRATION_USER_ID, ORG_ID

KEY, SECRET = "SANDBOX_CONSUMER_KEY", "sandbox-consumer-secret"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask(org, form, host="nordwerk.my.salesforce.com", **headers):
    return requests.post(f"{org.url}/services/oauth2/token", form, headers={"Host": host, **headers}, timeout=5)


def words_of(answer):
    return answer.status_code, answer.json().get("error"), answer.json().get("error_description")


def assertion(org, key=None, **claims):
    told = {"iss": KEY, "sub": "sync@nordwerk.example", "aud": "https://login.salesforce.com", "exp": str(int(time.time()) + 180)}
    return {"grant_type": JWT_GRANT, "assertion": jwt.encode({**told, **claims}, key or org.action("jwt_private_key"), "RS256")}


def test_the_token_answer_has_the_documented_keys(org):
    body = ask(org, {"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET}).json()
    assert body.keys() == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
    assert body["access_token"].startswith(ORG_ID[:15] + "!")
    assert body["id"].endswith(f"/id/{ORG_ID}/{INTEGRATION_USER_ID}")
    assert body["instance_url"] == "https://nordwerk.my.salesforce.com"
    assert body["issued_at"].isdigit()


def test_at_the_loopback_address_the_instance_is_the_sandbox(org):
    form = {"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET}
    host = org.url.removeprefix("http://")
    assert ask(org, form, host).json()["instance_url"] == org.url


def test_client_credentials_by_basic_authentication(org):
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    assert ask(org, {"grant_type": "client_credentials"}, Authorization=f"Basic {basic}").status_code == 200


@pytest.mark.parametrize(
    ("form", "host", "words"),
    [
        (
            {"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET},
            "login.salesforce.com",
            "invalid_grant",
        ),
        ({"grant_type": "client_credentials", "client_id": KEY, "client_secret": "x"}, None, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": SECRET}, None, "invalid_client_id"),
        (
            {"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET},
            "other.my.salesforce.com",
            "invalid_grant",
        ),
        ({"grant_type": "magic"}, None, "unsupported_grant_type"),
        ({"grant_type": JWT_GRANT, "assertion": "a.b.c"}, None, "invalid_grant"),
        (
            {"grant_type": "password", "client_id": KEY, "client_secret": SECRET, "username": "x", "password": "y"},
            None,
            "invalid_grant",
        ),
    ],
)
def test_refused_logins_name_their_reason(org, form, host, words):
    status, error, description = words_of(ask(org, form, host or "nordwerk.my.salesforce.com"))
    assert (status, error) == (400, words)
    assert description


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "other"}, "client identifier invalid"),
        ({"aud": "https://test.salesforce.com"}, "Audience validation failed"),
        ({"exp": 1}, "expired authorization code"),
        ({"exp": 4102444800}, "expired authorization code"),
        ({"exp": "soon"}, "invalid assertion"),
        ({"sub": "nobody@nordwerk.example"}, "user hasn't approved this consumer"),
        ({"sub": "peter.vogt@nordwerk.example"}, "user is inactive"),
    ],
)
def test_a_wrong_claim_is_refused(org, claims, words):
    assert words_of(ask(org, assertion(org, **claims), "login.salesforce.com"))[2] == words


def test_a_foreign_signature_is_refused(org):
    from cryptography.hazmat.primitives.asymmetric import rsa

    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert words_of(ask(org, assertion(org, foreign)))[2] == "invalid assertion"


def test_the_symmetric_trick_is_refused(org):
    forged = jwt.encode({"iss": KEY, "sub": "sync@nordwerk.example"}, "x" * 32, "HS256")
    assert ask(org, {"grant_type": JWT_GRANT, "assertion": forged}).status_code == 400


def test_a_registered_public_key_replaces_the_own_one(org):
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = own.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()
    org.switches(jwt_public_key=pem)
    assert ask(org, assertion(org, own)).status_code == 200
    assert ask(org, assertion(org)).status_code == 400


def test_a_sandbox_org_wants_the_test_audience(org):
    org.switches(is_sandbox=True)
    assert ask(org, assertion(org), "test.salesforce.com").status_code == 400
    assert ask(org, assertion(org, aud="https://test.salesforce.com"), "test.salesforce.com").status_code == 200


def test_a_call_without_a_session_is_refused(org, rest):
    rest.session.headers["Authorization"] = "Bearer wrong"
    assert error_of(rest.get("/limits")) == (401, "INVALID_SESSION_ID")
    del rest.session.headers["Authorization"]
    assert error_of(rest.get("/limits")) == (401, "INVALID_AUTH_HEADER")


def test_sessions_end_by_action_idleness_and_revocation(org, rest):
    org.action("expire_tokens")
    assert error_of(rest.get("/limits")) == (401, "INVALID_SESSION_ID")
    token = org.action("issue_token")
    rest.session.headers["Authorization"] = f"Bearer {token}"
    assert rest.get("/limits").status_code == 200
    org.clock(7300)
    assert rest.get("/limits").json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    org.clock(0)
    assert rest.get("/limits").status_code == 200
    requests.post(f"{org.url}/services/oauth2/revoke", {"token": token}, timeout=5)
    assert rest.get("/limits").status_code == 401


def test_sessions_survive_a_reset(org, rest):
    org.reset()
    assert rest.get("/limits").status_code == 200


def test_user_info_names_the_org(rest):
    body = rest.get("/services/oauth2/userinfo").json()
    assert [body["organization_id"], body["preferred_username"]] == [ORG_ID, "sync@nordwerk.example"]


def test_another_org_behind_the_same_address(org, rest):
    other = "00D5e000009zzzzEAA"
    org.switches(org_id=other, is_sandbox=True)
    assert rest.get("/services/oauth2/userinfo").json()["organization_id"] == other
    row = rest.rows("SELECT Id, IsSandbox FROM Organization")[0]
    assert [row["Id"], row["IsSandbox"]] == [other, True]
    assert org.action("issue_token").startswith(other[:15])
