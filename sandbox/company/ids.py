"""Record ids and time stamps in the form each system writes them."""

import random
from datetime import datetime, timedelta

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
PREFIXES = {
    "Account": "001", "Contact": "003", "User": "005", "Opportunity": "006", "Lead": "00Q",
    "OpportunityContactRole": "00K",
    "Contract": "800", "Order": "801", "Task": "00T", "Event": "00U", "Profile": "00e",
}  # fmt: skip
COMPANY_BLOCK = "5g00000"
LOAD_BLOCK = "5g00001"

_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_PAIR_BITS = [pair[0].isupper() | pair[1].isupper() << 1 for pair in _PAIRS]


def checksum(fifteen: str) -> str:
    """Return the three characters that make a case-sensitive id safe where case is lost."""
    groups = (fifteen[0:5], fifteen[5:10], fifteen[10:15])
    return "".join(CHECKSUM[sum(char.isupper() << at for at, char in enumerate(group))] for group in groups)


def salesforce_id(kind: str, number: int, block: str = COMPANY_BLOCK) -> str:
    """Return the valid 18-character id number `number` of `kind`; `block` keeps families of ids apart."""
    return SalesforceIds(kind, block)[number]


class SalesforceIds:
    """The ids of one kind and block by number, quick enough for hundreds of thousands."""

    def __init__(self, kind: str, block: str = COMPANY_BLOCK) -> None:
        self._head = PREFIXES[kind] + block
        self._check = checksum(self._head + "00000")[:2]

    def __getitem__(self, number: int) -> str:
        rest, low = divmod(number, 3844)
        top, high = divmod(rest, 3844)
        bits = ALPHABET[top].isupper() | _PAIR_BITS[high] << 1 | _PAIR_BITS[low] << 3
        return f"{self._head}{ALPHABET[top]}{_PAIRS[high]}{_PAIRS[low]}{self._check}{CHECKSUM[bits]}"


def salesforce_time(moment: datetime) -> str:
    """Write an aware UTC moment as Salesforce does, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def freshdesk_time(moment: datetime) -> str:
    """Write an aware UTC moment as Freshdesk does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def life(dice: random.Random, now: datetime) -> tuple[datetime, datetime]:
    """Return a made-up moment of creation and of the last change before `now`, both whole seconds."""
    age = dice.randrange(3600, 900 * 86400)
    changed = dice.randrange(60, 86400) if dice.random() < 0.03 else int(age * dice.random())
    return now - timedelta(seconds=age), now - timedelta(seconds=min(age, changed))
