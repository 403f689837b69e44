"""Transforms of numbers and of yes and no."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sync.transforms.registry import FLAGS, NUMBERS, TEXTS, Codec, Example, Read, Use, same, single, transform

TRUE = frozenset(("true", "1", "yes", "y", "on", "ja", "wahr", "x"))
FALSE = frozenset(("false", "0", "no", "n", "off", "nein", "falsch", ""))
LARGEST = 10**18
PLACES = 9
_NUMBER = re.compile(r"[-+]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})$")
_COMMA_NUMBER = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d{1,18})(,\d{0,18})?$")


def read_number(value: Any) -> int | float | None:
    """Return a number, whole where nothing is lost; blank is None."""
    if value is None or value == "":
        return None
    if type(value) is str:
        text = value.strip()
        if not text:
            return None
        if not _NUMBER.match(text):
            raise ValueError(f"not a number: '{text[:60]}'")
        value = float(text) if "." in text else int(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -LARGEST <= value <= LARGEST:
        raise ValueError(f"not a number: '{str(value)[:60]}'")
    return int(value) if value == int(value) else value


def _read_comma(value: Any) -> int | float | None:
    if isinstance(value, str) and value.strip():
        if not _COMMA_NUMBER.match(value.strip()):
            raise ValueError(f"not a number with a decimal comma: '{value.strip()[:60]}'")
        value = value.strip().replace(".", "").replace(",", ".")
    return read_number(value)


def _rounded(read: Read, places: int) -> Read:
    def read_rounded(value: Any) -> int | float | None:
        found = read(value)
        return None if found is None else read_number(round(found, places))

    return read_rounded


@transform(
    "number",
    common_type="number",
    salesforce_types=NUMBERS,
    app_types=NUMBERS,
    argument="optional",
    argument_help="the number of decimal places to round to",
    examples=(Example((12.5,), 12.5, (12.5,)), Example((7.0,), 7, (7,)), Example((19.999,), 20, (20,), "number:2")),
)
def number(use: Use) -> Codec:
    """A number; text is read with a decimal point. Rounded on both sides when places are named."""
    if not use.argument:
        return same(read_number)
    if not re.match(r"\d$", use.argument):
        raise ValueError("write the decimal places, 0 to 9, for example number:2")
    return same(_rounded(read_number, int(use.argument)))


@transform(
    "decimal_comma",
    common_type="number",
    salesforce_types=NUMBERS,
    app_types=TEXTS,
    app_writes=TEXTS,
    examples=(Example((1234.5,), 1234.5, ("1234,5",)),),
)
def decimal_comma(use: Use) -> Codec:
    """A number that the app keeps as text with a decimal comma."""

    def write_comma(common: Any) -> tuple[Any, ...]:
        return (None if common is None else format(Decimal(str(common)), "f").replace(".", ","),)

    return Codec(_rounded(read_number, PLACES), single, _rounded(_read_comma, PLACES), write_comma)


@transform(
    "integer", common_type="number", salesforce_types=NUMBERS, app_types=NUMBERS, examples=(Example(("250",), 250, (250,)),)
)
def integer(use: Use) -> Codec:
    """A whole number; a fraction is refused, use `number:0` to round."""

    def read_whole(value: Any) -> int | None:
        found = read_number(value)
        if isinstance(found, float):
            raise ValueError(f"not a whole number: '{found}'")
        return found

    return same(read_whole)


@transform(
    "cents", common_type="number", salesforce_types=NUMBERS, app_types=NUMBERS, examples=(Example((12.5,), 12.5, (1250,)),)
)
def cents(use: Use) -> Codec:
    """An amount that the app keeps in hundredths (1250 for 12.50)."""
    return _scaled(100)


@transform("fraction", common_type="number", salesforce_types=NUMBERS, app_types=NUMBERS, examples=(Example((45,), 45, (0.45,)),))
def fraction(use: Use) -> Codec:
    """A percentage that the app keeps as a fraction (0.45 for 45 %)."""

    def read_fraction(value: Any) -> int | float | None:
        found = read_number(value)
        return None if found is None else read_number(round(found * 100, 4))

    def write_fraction(common: Any) -> tuple[Any, ...]:
        return (None if common is None else round(common / 100, 6),)

    return Codec(_rounded(read_number, 4), single, read_fraction, write_fraction)


def _scaled(factor: int) -> Codec:
    def read_scaled(value: Any) -> int | float | None:
        found = read_number(value)
        return None if found is None else read_number(round(found / factor, 2))

    def write_scaled(common: Any) -> tuple[Any, ...]:
        return (None if common is None else round(common * factor),)

    return Codec(_rounded(read_number, 2), single, read_scaled, write_scaled)


def read_boolean(value: Any) -> bool:
    """Return a yes or no; a box never ticked (empty) is no."""
    if value is True or value is False:
        return bool(value)
    if value is None:
        return False
    text = str(value).strip().casefold()
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    raise ValueError(f"not yes or no: '{str(value)[:60]}'")


def _write_boolean(common: Any) -> tuple[Any, ...]:
    return (bool(common),)


@transform(
    "boolean",
    common_type="boolean",
    salesforce_types=FLAGS,
    app_types=FLAGS,
    examples=(Example((True,), True, (True,)), Example(("yes",), True, (True,)), Example((None,), False, (False,))),
)
def boolean(use: Use) -> Codec:
    """A check box; true, 1, yes, on, ja, x count as ticked, an empty one as not ticked."""
    return same(read_boolean, _write_boolean)


@transform("not", common_type="boolean", salesforce_types=FLAGS, app_types=FLAGS, examples=(Example((True,), True, (False,)),))
def negation(use: Use) -> Codec:
    """A check box that means the opposite in the app (opted out ↔ may be mailed). An empty one counts as not ticked in
    Salesforce and as ticked in the app."""

    def read_opposite(value: Any) -> bool:
        return value is not None and not read_boolean(value)

    return Codec(read_boolean, _write_boolean, read_opposite, lambda common: (not common,))


@transform(
    "yes_no",
    common_type="boolean",
    salesforce_types=FLAGS,
    app_types=TEXTS,
    app_writes=TEXTS,
    argument="optional",
    argument_help="the two words with a slash between, Yes/No if left out",
    examples=(Example((True,), True, ("Yes",)), Example((False,), False, ("Nein",), "yes_no:Ja/Nein")),
)
def yes_no(use: Use) -> Codec:
    """A check box in Salesforce, a text or dropdown with two words in the app."""
    yes, slash, no = (use.argument or "Yes/No").partition("/")
    yes, no = yes.strip(), no.strip()
    if not (slash and yes and no and yes.casefold() != no.casefold()):
        raise ValueError("write the two words with a slash between, for example yes_no:Ja/Nein")
    return Codec(read_boolean, _write_boolean, _word_reader(yes, no), lambda common: (yes if common else no,))


def _word_reader(yes: str, no: str) -> Callable[[Any], bool]:
    def read_word(value: Any) -> bool:
        word = "" if value is None else str(value).strip().casefold()
        if word in (yes.casefold(), no.casefold(), ""):
            return word == yes.casefold()
        raise ValueError(f"neither '{yes}' nor '{no}': '{str(value)[:60]}'")

    return read_word
