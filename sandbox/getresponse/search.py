"""Search by conditions: the only place that shows removed, bounced and unconfirmed contacts."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.exchange import Answer
from sandbox.getresponse.account import STATES, Account, Row
from sandbox.getresponse.errors import invalid
from sandbox.getresponse.exchange import Ask, Collection
from sandbox.getresponse.shapes import searched_row

SECTIONS_LIMIT = CONDITIONS_LIMIT = 8
CYCLES = {"receiving_autoresponder", "not_receiving_autoresponder"}
FOUND = Collection(searched_row, sorts=("name", "email", "createdOn"), id_name="contactId")
COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "is": lambda text, value: text == value,
    "is_not": lambda text, value: text != value,
    "contains": lambda text, value: value in text,
    "not_contains": lambda text, value: value not in text,
    "starts": lambda text, value: text.startswith(value),
    "ends": lambda text, value: text.endswith(value),
    "not_starts": lambda text, value: not text.startswith(value),
    "not_ends": lambda text, value: not text.endswith(value),
}

Test = Callable[[Row], bool]


def search_contacts(ask: Ask) -> Answer:
    """Answer `POST /search-contacts/contacts`, which changes nothing."""
    given = ask.fields()
    state = _state(given)
    test = _joined(
        given.get("sectionLogicOperator"), [_section(ask.account, each) for each in _listed(given, "section", SECTIONS_LIMIT)]
    )
    return FOUND.answer(ask, [row for row in ask.account.rows("contacts") if row["state"] == state and test(row)])


def _state(given: Mapping[str, Any]) -> str:
    wanted = given.get("subscribersType")
    if not isinstance(wanted, list) or len(wanted) != 1 or wanted[0] not in STATES:
        raise invalid("subscribersType", "It must hold exactly one status", 1004)
    return str(wanted[0])


def _listed(given: Mapping[str, Any], name: str, limit: int) -> list[dict[str, Any]]:
    found = given.get(name)
    if not isinstance(found, list) or len(found) > limit or (name == "section" and not found):
        raise invalid(name, f"It must be an array of at most {limit} elements", 1004)
    return found


def _section(account: Account, given: Mapping[str, Any]) -> Test:
    if not set(given.get("subscriberCycle") or ()) <= CYCLES or not given.get("subscriberCycle"):
        raise invalid("subscriberCycle", "It must name at least one cycle", 1005)
    if given.get("subscriptionDate") != "all_time":
        raise invalid("subscriptionDate", "Only all_time is known here")
    campaigns = given.get("campaignIdsList") or []
    conditions = [_condition(account, each) for each in _listed(given, "conditions", CONDITIONS_LIMIT)]
    test = _joined(given.get("logicOperator"), conditions) if conditions else (lambda row: True)
    return lambda row: row["campaignId"] in campaigns and test(row)


def _joined(operator: Any, tests: list[Test]) -> Test:
    if operator not in ("and", "or"):
        raise invalid("logicOperator", "It must be and or or")
    combine = all if operator == "and" else any
    return lambda row: combine(test(row) for test in tests)


def _condition(account: Account, given: Mapping[str, Any]) -> Test:
    kind, value = given.get("conditionType"), str(given.get("value", ""))
    if kind == "tag" and given.get("operatorType") == "exists":
        return lambda row: (value in row["tags"]) == (given.get("operator") == "exists")
    compare = COMPARISONS.get(str(given.get("operator")))
    if compare is None or given.get("operatorType") != "string_operator":
        raise invalid("operator", "It is not among the allowed values")
    if kind in ("email", "name"):
        return lambda row: compare(str(row[kind] or "").casefold(), value.casefold())
    if kind == "custom" and account.get("custom_fields", given.get("scope")):
        return lambda row: any(compare(text.casefold(), value.casefold()) for text in row["customs"].get(given["scope"], [""]))
    raise invalid("conditionType", "It is not among the allowed values")
