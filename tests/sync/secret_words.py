"""Secrets that occur nowhere else, for every system: planted as the right credentials and as wrong ones, then looked for everywhere."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.client import SandboxClient
from sandbox.system import load

# How each secret is called where the sandbox server holds it, and where the connection does.
PLACES: Mapping[str, Mapping[str, str]] = {
    "salesforce": {"consumer_secret": "extra.consumer_secret"},
    "activecampaign": {"api_token": "password"},
    "forcemanager": {"private_key": "password"},
    "freshdesk": {"api_key": "password"},
    "getresponse": {"api_key": "password"},
    "lemontaps": {"token": "password", "scim_token": "extra.scim_token"},
}


def secret(system: str, name: str, is_right: bool = True) -> str:
    """A secret of one system."""
    return f"canary{'' if is_right else 'wrong'}{system}{name.replace('_', '')}7q1zx"


SECRETS = [secret(system, name, is_right) for system, places in PLACES.items() for name in places for is_right in (True, False)]
# Sessions that the systems give out are secrets as well: their beginnings.
TOKENS = ("00D5e000000000", "Bearer canary", "Bearer ey")


def plant(system: str, server: SandboxClient) -> dict[str, Any]:
    """Let the server take our secret, however often; return the connection that holds it."""
    pace = {"rate_limit": False} if "rate_limit" in server.switches() else {}
    server.switches(**{name: secret(system, name) for name in PLACES[system]}, **pace)
    return connection(system, server)


def connection(system: str, server: SandboxClient, is_right: bool = True) -> dict[str, Any]:
    """The connection with our secrets, the right ones or wrong ones."""
    told = dict(load(system).connection(server.url))
    for name, place in PLACES[system].items():
        key, _, inner = place.partition(".")
        value = secret(system, name, is_right)
        told[key] = {**told[key], inner: value} if inner else value
    return told


def spellings(words: Iterable[str]) -> list[str]:
    """The words as they are, and as basic authentication and JSON would hide them."""
    found = []
    for word in words:
        hidden = {base64.b64encode(before + word.encode()).decode()[4:-4] for before in (b"", b"a", b"ab")}
        found += [word, json.dumps(word)[1:-1], *hidden, base64.b64encode(f"{word}:X".encode()).decode()[:-4]]
    return sorted(set(found))


def leaks(text: str, words: Iterable[str] = SECRETS) -> list[str]:
    """Which secrets stand in `text`, in whatever spelling."""
    return [spelling for spelling in spellings(words) if spelling in text]
