"""The users of the team by SCIM 2.0 (RFC 7643, 7644), as far as listing, reading and creating go."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.lemontaps.answers import scim_refusal
from sandbox.lemontaps.book import Book, Row

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
FILTER = re.compile(r'userName eq "([^"]*)"', re.IGNORECASE)
PAGE_LIMIT = 100


def list_users(book: Book, query: Mapping[str, str]) -> Row:
    """Answer `GET /Users`: `filter=userName eq "…"`, `startIndex` from 1, `count`."""
    rows = [show(row) for row in book.store.table("users").values()]
    if wish := query.get("filter"):
        match = FILTER.fullmatch(wish)
        if match is None:
            raise scim_refusal(400, "Only userName eq is supported.", "invalidFilter")
        rows = [row for row in rows if row["userName"].casefold() == match[1].casefold()]
    start = max(1, int(query.get("startIndex", "1")))
    page = rows[start - 1 :][: min(PAGE_LIMIT, int(query.get("count", PAGE_LIMIT)))]
    return {"schemas": [LIST], "totalResults": len(rows), "startIndex": start, "itemsPerPage": len(page), "Resources": page}


def view_user(book: Book, key: str) -> Row:
    """Answer `GET /Users/{id}`."""
    row = book.store.get("users", key)
    if row is None:
        raise scim_refusal(404, f"There is no user {key}.")
    return show(row)


def create_user(book: Book, given: Mapping[str, Any]) -> Row:
    """Answer `POST /Users`; a userName is given once."""
    email = str(given.get("userName") or "")
    if not email:
        raise scim_refusal(400, "userName is required.", "invalidValue")
    if any(row["email"].casefold() == email.casefold() for row in book.store.table("users").values()):
        raise scim_refusal(409, f"{email} is taken.", "uniqueness")
    name = given.get("name") or {}
    row = {"email": email, "first_name": name.get("givenName") or "", "last_name": name.get("familyName") or ""}
    key = put_user(book, row | {"active": given.get("active", True), "title": given.get("title")})
    book.store.calls.records_written += 1
    return view_user(book, key)


def put_user(book: Book, row: Mapping[str, Any]) -> str:
    """Store a user with `email`, and what else is known; return the id."""
    key = str(row.get("id") or book.new_id("users"))
    book.store.put("users", key, {"first_name": "", "last_name": "", "title": None, "active": True, **row, "id": key})
    return key


def show(row: Mapping[str, Any]) -> Row:
    """Return a user as RFC 7643 shapes it."""
    return {
        "schemas": [CORE], "id": row["id"], "userName": row["email"], "active": row["active"],
        "name": {"givenName": row["first_name"], "familyName": row["last_name"]}, "title": row["title"],
        "displayName": f"{row['first_name']} {row['last_name']}".strip(),
        "emails": [{"value": row["email"], "type": "work", "primary": True}],
        "meta": {"resourceType": "User", "location": f"/scim/v2/Users/{row['id']}"},
    }  # fmt: skip
