"""The OAuth token endpoint: JWT bearer, client credentials, and the old username-password flow."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import jwt

from sandbox.salesforce import keys, sessions
from sandbox.salesforce.answers import Answer, ApiError, not_found
from sandbox.salesforce.ids import INTEGRATION_USER_ID
from sandbox.salesforce.org import Org

GENERIC_HOSTS = ("login.salesforce.com", "test.salesforce.com")
LOOPBACK = ("127.0.0.1", "localhost")
Form = Mapping[str, str]


class TokenError(Exception):
    """No token, with the words of the platform."""

    def __init__(self, error: str, description: str) -> None:
        self.error = error
        self.description = description
        super().__init__(f"{error}: {description}")


def answer(org: Org, method: str, path: str, origin: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Answer one request below /services/oauth2/."""
    if method == "POST" and path.endswith("/token"):
        return token(org, origin, headers, body)
    if method == "POST" and path.endswith("/revoke"):
        org.store.remove(sessions.KIND, _form(headers, body).get("token", ""))
        return Answer(200)
    if path.endswith("/userinfo"):
        return _user_info(org, headers)
    return Answer(404, not_found().body())


def token(org: Org, origin: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Answer POST /services/oauth2/token; `origin` is scheme and host as the client asked."""
    form = _form(headers, body)
    host = origin.partition("//")[2].partition(":")[0]
    try:
        if not _is_known_host(org, host):
            raise TokenError("invalid_grant", "authentication failure")
        flow = _FLOWS.get(form.get("grant_type", ""))
        if flow is None:
            raise TokenError("unsupported_grant_type", "grant type not supported")
        user_id = flow(org, host, form)
    except TokenError as problem:
        return Answer(400, {"error": problem.error, "error_description": problem.description})
    return Answer(body=_granted(org, origin, user_id), headers={"Cache-Control": "no-cache, no-store"})


def user_named(org: Org, username: str) -> str:
    """Return the id of an active user; raises TokenError."""
    ids = org.store.find("User", "Username", username)
    user = org.live("User", str(ids[0])) if ids else None
    if user is None:
        raise TokenError("invalid_grant", "user hasn't approved this consumer")
    if not user.get("IsActive"):
        raise TokenError("inactive_user", "user is inactive")
    return str(user["Id"])


def instance_url(org: Org, origin: str) -> str:
    """Return the address of the org for clients that logged in at `origin`."""
    wished = str(org.switch("instance_url"))
    host = origin.partition("//")[2]
    if wished or not host.endswith(".salesforce.com"):
        return wished or origin
    return f"https://{org.switch('my_domain')}.my.salesforce.com"


def _user_info(org: Org, headers: Mapping[str, str]) -> Answer:
    try:
        user_id = sessions.user_of(org, headers.get("authorization", ""))
    except ApiError:
        return Answer(403, "Bad_OAuth_Token", media="text/html")
    user = org.record("User", user_id) or {}
    names = {"preferred_username": user.get("Username"), "name": user.get("Name"), "email": user.get("Email")}
    return Answer(body={"user_id": user_id, "organization_id": org.id, **names, "active": user.get("IsActive")})


def _form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    form = dict(parse_qsl(body.decode("utf-8", "replace")))
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            key, _, secret = base64.b64decode(credentials).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return form
        form |= {"client_id": key, "client_secret": secret}
    return form


def _is_known_host(org: Org, host: str) -> bool:
    own = f"{org.switch('my_domain')}.my.salesforce.com"
    generic = GENERIC_HOSTS[1] if org.switch("is_sandbox") else GENERIC_HOSTS[0]
    return host in LOOPBACK or host in (own, generic)


def _jwt_bearer(org: Org, host: str, form: Form) -> str:
    try:
        header = jwt.get_unverified_header(form.get("assertion", ""))
        claims = jwt.decode(
            form.get("assertion", ""), keys.public_key(org), ["RS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )  # fmt: skip
    except jwt.InvalidTokenError:
        raise TokenError("invalid_grant", "invalid assertion") from None
    if header.get("alg") != "RS256":
        raise TokenError("invalid_grant", "invalid assertion")
    _check_claims(org, claims)
    return user_named(org, str(claims.get("sub", "")))


def _check_claims(org: Org, claims: Mapping[str, Any]) -> None:
    if claims.get("iss") != org.switch("consumer_key"):
        raise TokenError("invalid_client_id", "client identifier invalid")
    generic = GENERIC_HOSTS[1] if org.switch("is_sandbox") else GENERIC_HOSTS[0]
    allowed = (f"https://{generic}", f"https://{org.switch('my_domain')}.my.salesforce.com")
    if claims.get("aud") not in allowed:
        raise TokenError("invalid_grant", "Audience validation failed")
    try:
        expires = float(claims["exp"])
    except (KeyError, TypeError, ValueError):
        raise TokenError("invalid_grant", "invalid assertion") from None
    now = org.now().timestamp()
    if not now <= expires <= now + org.switch("jwt_seconds") + 1:
        raise TokenError("invalid_grant", "expired authorization code")


def _client_credentials(org: Org, host: str, form: Form) -> str:
    _check_client(org, form)
    if host in GENERIC_HOSTS:
        raise TokenError("invalid_grant", "request not supported on this domain")
    return INTEGRATION_USER_ID


def _password(org: Org, host: str, form: Form) -> str:
    _check_client(org, form)
    if not org.switch("allow_password_flow"):
        raise TokenError("invalid_grant", "authentication failure")
    if form.get("password") != org.switch("password"):
        raise TokenError("invalid_grant", "authentication failure - Invalid Password")
    return user_named(org, form.get("username", ""))


def _check_client(org: Org, form: Form) -> None:
    if form.get("client_id") != org.switch("consumer_key"):
        raise TokenError("invalid_client_id", "client identifier invalid")
    if form.get("client_secret") != org.switch("consumer_secret"):
        raise TokenError("invalid_client", "invalid client credentials")


def _granted(org: Org, origin: str, user_id: str) -> dict[str, str]:
    address = f"https://login.salesforce.com/id/{org.id}/{user_id}"
    issued_at = str(int(org.now().timestamp() * 1000))
    signed = hmac.new(org.switch("consumer_secret").encode(), (address + issued_at).encode(), hashlib.sha256)
    return {
        "access_token": sessions.open_session(org, user_id),
        "signature": base64.b64encode(signed.digest()).decode(),
        "scope": "api",
        "instance_url": instance_url(org, origin),
        "id": address,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }


_FLOWS: dict[str, Callable[[Org, str, Form], str]] = {
    "urn:ietf:params:oauth:grant-type:jwt-bearer": _jwt_bearer,
    "client_credentials": _client_credentials,
    "password": _password,
}
