"""Logs in to Salesforce: simple-salesforce speaks the token flows, our session carries them.

simple-salesforce chooses a flow by which arguments are None and takes the wrong one when a form leaves blank texts behind;
here the flow is chosen first and only its own arguments are passed.
"""

import logging
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

import requests
from jwt.exceptions import PyJWTError
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from connectors.errors import AuthError, TransientError, shorten
from connectors.salesforce_calls import error_of, problem_of
from connectors.salesforce_shapes import ANSWERS, Token
from connectors.session import Media, Session

DOMAIN_SUFFIX = ".salesforce.com"
SOAP = "/services/Soap/"
DOMAIN_NAME = re.compile(r"[a-z0-9.-]+")
SHARED_DOMAINS = ("login", "test")
LOOK = "Check domain, consumer key and secret or private key in the connection."
DOMAIN = "Check the connection's domain: 'login' is for production, 'test' for sandbox orgs; and the org's rules for the user."
MY_DOMAIN = (
    "The org has no My Domain of this name: look under Setup, My Domain (deploy one where there is none), and write the part "
    "before .salesforce.com, such as 'acme.my', as the connection's domain."
)
ADVICE = {
    "user hasn't approved this consumer": "Check the user name, and let an administrator pre-authorize the app for that user.",
    "Audience validation failed": DOMAIN,
    "authentication failure": DOMAIN,
    "inactive_user": "The user is inactive in Salesforce: activate it, or connect another one.",
    "request not supported on this domain": MY_DOMAIN,
    "grant type not supported": "The app does not allow this kind of login: an administrator enables it in the app's OAuth settings.",
    "no client credentials user enabled": "Name a user to run as in the app's client credentials settings.",
    "app must be installed into org": "The app is not authorised in this org: an administrator installs it under Setup, "
    "Connected Apps OAuth Usage.",
}
TRANSIENT_CODES = frozenset({"rate_limit_exceeded", "LOGIN_RATE_EXCEEDED"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the Airflow connection holds. `domain` is `login`, `test`, or My Domain's part before `.salesforce.com`."""

    username: str = ""
    domain: str = "login"
    consumer_key: str = field(default="", repr=False)
    consumer_secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    private_key_file: str = ""
    password: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    organization_id: str = ""


class _TokenSession(requests.Session):
    """What simple-salesforce sees of our session."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send through our session; refusals in the shape that logins have are left to simple-salesforce to read."""
        seen = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        media: Media = "any" if SOAP in str(url) else "json"
        response = self._session.call(str(method), str(url), "auth", is_safe=True, media=media, answers=seen, **kwargs)
        if not response.ok and response.content.lstrip()[:1] == b"[":
            raise error_of(str(urlsplit(str(url)).path), response.status_code, problem_of(response.json()))
        if response.ok and media == "json":
            _check(response)
        return response


def _check(response: requests.Response) -> None:
    instance = ANSWERS.read(response, Token)["instance_url"]  # of which simple-salesforce drops the scheme
    if not instance.startswith("https://"):
        raise AuthError(f"Salesforce's login names {shorten(instance)!r} as its server: without https no token is sent there.")


def sign_in(credentials: Credentials, session: Session) -> tuple[str, str]:
    """Return (access token, instance URL). Raises AuthError, which no repeat cures, or TransientError."""
    arguments = flow_of(credentials)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one of them would print the consumer key
            token, host = SalesforceLogin(session=_TokenSession(session), **arguments)
    except SalesforceAuthenticationFailed as error:
        words = shorten(f"{error.code}: {error.auth_message}")
        if str(error.code) in TRANSIENT_CODES:
            raise TransientError(f"Salesforce takes no logins now: {words}") from None
        who = credentials.username or "the app"
        advice = _advice(str(error.code), str(error.auth_message), str(arguments["domain"]))
        raise AuthError(f"Salesforce refused the login of {who}: {words}. {advice}") from None
    except ExpatError:
        raise TransientError("Salesforce's answer to the login ends in the middle. The task is retried later.") from None
    except (ValueError, OSError, PyJWTError) as error:
        raise AuthError(f"The private key in the Salesforce connection cannot be read ({type(error).__name__}).") from None
    return str(token), f"https://{host}"


def _advice(code: str, message: str, domain: str) -> str:
    if message == "authentication failure" and domain not in SHARED_DOMAINS:
        return MY_DOMAIN
    return ADVICE.get(message) or ADVICE.get(code, LOOK)


def flow_of(credentials: Credentials) -> Mapping[str, str]:
    """Return the arguments of one login flow: private key first, then client secret, then the old password flows."""
    c = credentials
    domain = domain_of(c.domain)
    if c.private_key or c.private_key_file:
        key = {"privatekey": c.private_key} if c.private_key else {"privatekey_file": c.private_key_file}
        return {"username": c.username, "consumer_key": c.consumer_key, "domain": domain, **key}
    if c.consumer_secret and not c.password:
        if domain in SHARED_DOMAINS:
            raise AuthError("The client credentials flow needs My Domain: set the connection's domain to, say, 'acme.my'.")
        return {"consumer_key": c.consumer_key, "consumer_secret": c.consumer_secret, "domain": domain}
    if not (c.username and c.password):
        raise AuthError(
            "The Salesforce connection has no complete login: it needs a consumer key with a private key and a username, "
            "or a consumer key with a consumer secret."
        )
    return _password_flow(c, domain)


def domain_of(text: str) -> str:
    """Return the domain as simple-salesforce wants it, whether a host, an address or the bare part was given."""
    host = urlsplit(text if "://" in text else f"//{text.strip()}").hostname if text.strip() else "login"
    if not host or not DOMAIN_NAME.fullmatch(host):
        raise AuthError(f"{shorten(text)!r} is no domain of Salesforce: write 'login', 'test', or My Domain such as 'acme.my'.")
    return host.removesuffix(DOMAIN_SUFFIX)


def _password_flow(c: Credentials, domain: str) -> Mapping[str, str]:
    log.warning("Logins by password end with Salesforce's Summer '27 release: change the connection to a private key.")
    arguments = {"username": c.username, "password": c.password, "domain": domain}
    if c.consumer_key and c.consumer_secret:
        return arguments | {"consumer_key": c.consumer_key, "consumer_secret": c.consumer_secret}
    if c.organization_id and not c.security_token:
        return arguments | {"organizationId": c.organization_id}
    return arguments | {"security_token": c.security_token}
