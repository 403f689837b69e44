"""Sessions: tokens that begin with the org id and live as long as they are used."""

import secrets
from datetime import datetime, timedelta

from sandbox.salesforce.answers import ApiError
from sandbox.salesforce.org import Org

KIND = "_session"
TOUCH_SECONDS = 60  # a use is only written down when the last one noted is older


def open_session(org: Org, user_id: str) -> str:
    """Return a new token of a user."""
    token = f"{org.id[:15]}!AQ0AQ{secrets.token_urlsafe(64)}"
    org.store.put(KIND, token, {"user_id": user_id, "used_at": org.now().isoformat()})
    return token


def user_of(org: Org, authorization: str) -> str:
    """Return the user of the request's session; raises 401."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() not in ("bearer", "oauth") or not token:
        raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    session = org.store.get(KIND, token)
    now = org.now()
    idle = now - datetime.fromisoformat(session["used_at"]) if session else timedelta.max
    if session is None or idle > timedelta(seconds=org.switch("session_seconds")):
        raise expired()
    if idle > timedelta(seconds=TOUCH_SECONDS):
        org.store.put(KIND, token, {**session, "used_at": now.isoformat()})
    return str(session["user_id"])


def expire_all(org: Org) -> None:
    """End every session."""
    for token in list(org.store.table(KIND)):
        org.store.remove(KIND, token)


def expired() -> ApiError:
    """Return the 401 of a session that ended."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
