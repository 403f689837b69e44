"""Reads one list (campaign) of a GetResponse account: its contacts, those that left it, and single ones by what they hold.

Pages are no snapshot: rows shift between two answers. So each page begins at the stamp at which the last one ended, where the
service honours the time of a range, and a row that comes twice is the caller's to drop.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from requests import Response

from connectors.errors import PermanentError
from connectors.getresponse_calls import PER_PAGE, GetResponseCalls, Row, total
from connectors.getresponse_shapes import ANSWERS, Campaign, Found, Listed

LEFT = ("removed", "undelivered")  # undelivered: taken off because its mails bounced
CYCLES = ["receiving_autoresponder", "not_receiving_autoresponder"]
CONDITIONS_LIMIT = SECTIONS_LIMIT = 8
SHOWN = 10


def campaign_id(calls: GetResponseCalls, name: str) -> str:
    """Return the id of the list called `name`, of the account's default list if it is blank. Raises PermanentError if there is none."""
    rows = [row for page, _ in calls.pages("campaigns", {}, Campaign) for row in page]
    for row in rows:
        is_default = str(row.get("isDefault")).lower() == "true"
        if is_default if not name else str(row["name"]).casefold() == name.casefold():
            return str(row["campaignId"])
    names = ", ".join(str(row["name"]) for row in rows[:SHOWN])
    raise PermanentError(
        f"GetResponse has no list {name!r}: there are {names}. Correct `list` in settings.yaml or make the list."
    )


def walk(calls: GetResponseCalls, campaign: str, since: datetime | None) -> Iterator[tuple[list[Row], Response]]:
    """Yield the contacts of a list, page by page: all, oldest first, or those changed at or after `since`."""
    stamp = "createdOn" if since is None else "changedOn"
    fixed = {"query[campaignId]": campaign, f"sort[{stamp}]": "ASC"}
    begin, page, seen = None if since is None else as_stamp(since), 1, 0
    while True:
        window = {f"query[{stamp}][from]": begin} if begin else {}
        response = calls.get("contacts", {**fixed, **window, "page": page, "perPage": PER_PAGE})
        rows: list[Row] = ANSWERS.read(response, list[Listed])
        yield rows, response
        seen += len(rows)
        if not rows or seen >= total(response):
            return
        last = as_stamp(moment(rows[-1][stamp]))
        is_honoured = begin is None or as_stamp(moment(rows[0][stamp])) >= begin
        if is_honoured and last != begin:
            begin, page, seen = last, 1, 0
        else:
            page += 1


def exact(calls: GetResponseCalls, campaign: str, key: str, value: str) -> tuple[list[Row], Response]:
    """Return the contacts of a list whose `key`, email or name, is `value` in any case."""
    query = {"query[campaignId]": campaign, f"query[{key}]": value, "additionalFlags": "exactMatch"}
    response = calls.get("contacts", {**query, "perPage": PER_PAGE})
    return [
        row for row in ANSWERS.read(response, list[Listed]) if str(row.get(key) or "").casefold() == value.casefold()
    ], response


def left(calls: GetResponseCalls, campaign: str) -> Iterator[tuple[list[Row], Response]]:
    """Yield those who are no longer on a list; there is no filter by time, so this reads all of them."""
    for state in LEFT:
        search = _search(campaign, state, [[]], "and")
        yield from calls.pages("search-contacts/contacts", {"sort[createdOn]": "ASC"}, Found, search)


def by_custom(
    calls: GetResponseCalls, campaign: str, field_id: str, values: Sequence[str]
) -> Iterator[tuple[list[Row], Response]]:
    """Yield the contacts of a list with one of `values` in a custom field, as searches show them."""
    conditions = [
        {"conditionType": "custom", "scope": field_id, "operatorType": "string_operator", "operator": "is", "value": value}
        for value in values
    ]
    sections = list(_cut(conditions, CONDITIONS_LIMIT))
    for part in _cut(sections, SECTIONS_LIMIT):
        yield from calls.pages("search-contacts/contacts", {}, Found, _search(campaign, "subscribed", part, "or"))


def moment(text: str) -> datetime:
    """Return a time of the API as aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def as_stamp(when: datetime) -> str:
    """Write a time as the API does."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _search(campaign: str, state: str, sections: Sequence[Sequence[Row]], operator: str) -> Row:
    return {
        "subscribersType": [state],
        "sectionLogicOperator": "or",
        "section": [
            {
                "campaignIdsList": [campaign],
                "logicOperator": operator,
                "subscriberCycle": CYCLES,
                "subscriptionDate": "all_time",
                "conditions": list(conditions),
            }
            for conditions in sections
        ],
    }


def _cut(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
