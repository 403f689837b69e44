"""Record ids: 15 characters that mind their case, plus 3 that make 18 safe where case is lost."""

from string import ascii_lowercase, ascii_uppercase, digits

_CHECK = ascii_uppercase + "012345"
_BASE62 = digits + ascii_uppercase + ascii_lowercase
_ALLOWED = frozenset(_BASE62)
INSTANCE = "5e"
COMPANY_INSTANCE = "5g"  # of the ids in the seed "company"


def checksum(short: str) -> str:
    """Return the 3 characters that follow the 15 of `short`."""
    groups = (short[start : start + 5] for start in (0, 5, 10))
    return "".join(_CHECK[sum(1 << place for place, letter in enumerate(group) if letter.isupper())] for group in groups)


def full_id(text: str) -> str | None:
    """Return the 18 characters of an id given with 15 or 18, or None where the shape is wrong."""
    if len(text) not in (15, 18) or not _ALLOWED.issuperset(text):
        return None
    return text[:15] + checksum(text[:15])


def make_id(prefix: str, number: int, instance: str = INSTANCE) -> str:
    """Return the id of the `number`-th record with this key prefix."""
    letters = ""
    while number:
        number, rest = divmod(number, 62)
        letters = _BASE62[rest] + letters
    short = f"{prefix}{instance}{letters:0>10}"
    return short + checksum(short)


ORG_ID = make_id("00D", 0x10C57E9)
INTEGRATION_USER_ID = make_id("005", 1, COMPANY_INSTANCE)
ADMIN_USER_ID = make_id("005", 2, COMPANY_INSTANCE)
PROFILE_ID = make_id("00e", 1, COMPANY_INSTANCE)
PERMISSION_SET_ID = make_id("0PS", 1)
MASTER_RECORD_TYPE_ID = "012000000000000AAA"
