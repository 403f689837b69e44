"""Transforms of web addresses and phone numbers to one spelling."""

import re
from typing import Any

from sync.transforms.registry import Codec, Example, Use, one_way, same, transform
from sync.transforms.texts import read_text

CALLING_CODES = {
    "AT": "43", "AU": "61", "BE": "32", "BG": "359", "BR": "55", "CA": "1", "CH": "41", "CN": "86", "CY": "357", "CZ": "420",
    "DE": "49", "DK": "45", "EE": "372", "ES": "34", "FI": "358", "FR": "33", "GB": "44", "GR": "30", "HR": "385", "HU": "36",
    "IE": "353", "IL": "972", "IN": "91", "IS": "354", "IT": "39", "JP": "81", "KR": "82", "LI": "423", "LT": "370",
    "LU": "352", "LV": "371", "MT": "356", "MX": "52", "NL": "31", "NO": "47", "NZ": "64", "PL": "48", "PT": "351",
    "RO": "40", "RS": "381", "SE": "46", "SG": "65", "SI": "386", "SK": "421", "TR": "90", "UA": "380", "US": "1", "ZA": "27",
}  # fmt: skip
WITHOUT_TRUNK_ZERO = frozenset(
    ("IT", "DK", "ES", "NO", "PT", "GR", "CY", "CZ", "EE", "IS", "LU", "LV", "MT", "PL", "SG", "US", "CA", "MX", "LI")
)
_TRUNK_IN_BRACKETS = re.compile(r"\(0\)")


@transform(
    "url",
    common_type="text",
    examples=(Example(("www.Nordwerk.example/",), "https://www.nordwerk.example", ("https://www.nordwerk.example",)),),
)
def url(use: Use) -> Codec:
    """A web address: https:// is added where no scheme is, the host in small letters, no slash at the end."""
    return same(read_url)


def read_url(value: Any) -> str | None:
    """Return a web address in the one spelling it is compared in."""
    found = read_text(value)
    if not found:
        return None
    scheme, mark, rest = found.partition("://")
    if not mark:
        scheme, rest = "https", found
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}".rstrip("/ ") if host else None


@transform(
    "domain",
    common_type="text",
    is_invertible=False,
    examples=(Example(("https://www.nordwerk.example/de",), "nordwerk.example", ("nordwerk.example",)),),
)
def domain(use: Use) -> Codec:
    """The domain of a web or e-mail address, without www. One-way."""
    return one_way(use, read_domain, read_text)


def read_domain(value: Any) -> str | None:
    """Return the domain of a web or e-mail address."""
    found = read_url(value)
    if not found:
        return None
    host = found.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
    return host.removeprefix("www.") or None


@transform(
    "phone_e164",
    common_type="text",
    argument="required",
    argument_help="the country of numbers that name none, as two letters",
    examples=(
        Example(("0431 / 555-0100",), "+494315550100", ("+494315550100",), "phone_e164:DE"),
        Example(("+49 (0)431 5550100",), "+494315550100", ("+494315550100",), "phone_e164:DE"),
        Example(("0043 1 234567",), "+431234567", ("+431234567",), "phone_e164:DE"),
    ),
)
def phone_e164(use: Use) -> Codec:
    """A phone number in the international spelling, so that both sides and every API agree."""
    country = use.argument.upper()
    if country not in CALLING_CODES:
        raise ValueError(f"'{use.argument[:20]}' is not a country known here; write {', '.join(CALLING_CODES)}")

    def read_e164(value: Any) -> str | None:
        found = read_text(value)
        return international(found, country) if found else None

    return same(read_e164)


def international(number: str, country: str) -> str:
    """Return `number` as "+" and digits. Raises ValueError when that cannot be a phone number."""
    kept = "".join(char for char in _TRUNK_IN_BRACKETS.sub("", number) if char in "+0123456789")
    digits = kept.replace("+", "")
    if kept.startswith("+"):
        full = digits
    elif digits.startswith("00"):
        full = digits[2:]
    else:
        trunk = digits if country in WITHOUT_TRUNK_ZERO else digits.removeprefix("0")
        full = CALLING_CODES[country] + trunk
    if not 7 <= len(full) <= 15:
        raise ValueError(f"not a phone number: '{number[:60]}'")
    return f"+{full}"
