"""Every transform: its documented examples, the way back, and what it does with values no one expected."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from guide import assert_explained
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.transforms import TRANSFORMS, Transform, parse
from sync.transforms.names import split_name
from sync.transforms.registry import Example, Kind

TABLES = {"industry": (("Machinery", "Maschinenbau"), ("Retail", "Handel"))}
SIDES = ("salesforce", "app")
EXAMPLES = [(kind, example) for kind in TRANSFORMS.values() for example in kind.examples]
RAW = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.sampled_from(["2026-03-02", "12.50", "yes", "DE"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def make(kind: Kind, example: Example) -> Transform:
    """Return the transform of one documented example."""
    direction = "both" if kind.is_invertible else "to_app"
    counts = {"salesforce_count": len(example.salesforce), "app_count": len(example.app)}
    return parse(example.cell or kind.name, TABLES, name="industry", direction=direction, **counts)


@pytest.mark.parametrize(
    ("kind", "example"), EXAMPLES, ids=[f"{kind.name}-{number}" for number, (kind, _) in enumerate(EXAMPLES)]
)
def test_documented_examples_hold(kind: Kind, example: Example) -> None:
    transform = make(kind, example)
    assert transform.read("salesforce")(*example.salesforce) == example.common
    assert transform.write("app")(example.common) == example.app
    assert transform.read("app")(*example.app) == example.common


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_has_an_example_and_a_description(name: str) -> None:
    kind = TRANSFORMS[name]
    assert kind.examples
    assert kind.description.endswith(".")
    assert ("One-way." in kind.description) is not kind.is_invertible
    assert (kind.argument == "none") is (kind.argument_help == "")


@pytest.mark.parametrize("name", TRANSFORMS)
@given(data=st.data())
@settings(max_examples=60)
def test_any_value_is_read_or_refused_and_stays_what_it_is(name: str, data: st.DataObject) -> None:
    kind = TRANSFORMS[name]
    transform = make(kind, kind.examples[-1])
    for side in SIDES:
        count = len(getattr(kind.examples[-1], side))
        raw = [data.draw(RAW) for _ in range(count)]
        try:
            common = transform.read(side)(*raw)
        except ValueError:
            continue
        assert json.loads(json.dumps(common)) == common
        written = transform.write(side)(common)
        if kind.is_invertible or side == "app":
            assert len(written) == count
            assert transform.read(side)(*written) == common


NUMBERS = st.integers(-(10**12), 10**12) | st.decimals(-(10**6), 10**6, places=2).map(float)
TIMES = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
GOOD = {
    **dict.fromkeys(["number", "decimal_comma", "cents", "fraction"], NUMBERS),
    **dict.fromkeys(["boolean", "not", "yes_no"], st.none() | st.booleans() | st.sampled_from(["yes", "0"])),
    **dict.fromkeys(["country_iso2", "country_name"], st.sampled_from(["DE", "Österreich", "usa", "Italy", "Côte d’Ivoire"])),
    **dict.fromkeys(["date", "date_text"], st.dates().map(str)),
    **dict.fromkeys(["datetime"], TIMES),
    "unix_time": st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC).isoformat()),
    "integer": st.integers(-(10**12), 10**12),
    "phone_e164": st.from_regex(r"(\+49|0049|0)( |-|/)?431 [0-9]{4,7}", fullmatch=True),
    "list": st.lists(st.sampled_from(["Chess", "Sailing", "chess"])).map(";".join),
    "tags": st.lists(st.sampled_from(["vip", "Partner", " new "])).map(",".join),
    "values": st.sampled_from(["Machinery", "Retail", "Banking"]),
}


@pytest.mark.parametrize("name", [name for name, kind in TRANSFORMS.items() if kind.is_invertible])
@given(data=st.data())
@settings(max_examples=60)
def test_what_one_side_holds_the_other_gives_back(name: str, data: st.DataObject) -> None:
    kind = TRANSFORMS[name]
    transform = make(kind, kind.examples[-1])
    texts = GOOD.get(name, st.none() | st.text(max_size=12))
    common = transform.read("salesforce")(*(data.draw(texts) for _ in kind.examples[-1].salesforce))
    assert transform.read("app")(*transform.write("app")(common)) == common
    assert transform.read("salesforce")(*transform.write("salesforce")(common)) == common


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Mara Lind", "Mara", "Lind"),
        ("Lind", None, "Lind"),
        ("Anna Maria de la Cruz", "Anna Maria", "de la Cruz"),
        ("von Berg", None, "von Berg"),
        ("Van Nguyen", "Van", "Nguyen"),
        ("Martin King Jr.", "Martin", "King Jr."),
        ("  Mara \t Lind ", "Mara", "Lind"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_names_split_at_the_last_name(name: str | None, first: str | None, last: str | None) -> None:
    assert split_name(name) == (first, last)


@given(st.lists(st.sampled_from(["Mara", "von", "de", "la", "Lind", "Jr.", "II", "O'Neill", "d'Arc"]), max_size=6))
def test_a_split_name_joins_to_the_same_name(words: list[str]) -> None:
    transform = parse("full_name", salesforce_count=2)
    name = " ".join(words) or None
    first, last = transform.write("salesforce")(name)
    assert transform.read("salesforce")(first, last) == name
    assert last or not words


@pytest.mark.parametrize(
    ("cell", "raw", "reason"),
    [
        ("number", "12,50", "not a number: '12,50'"),
        ("number", math.inf, "not a number: 'inf'"),
        ("number", True, "not a number: 'True'"),
        ("integer", 1.5, "not a whole number: '1.5'"),
        ("boolean", "maybe", "not yes or no: 'maybe'"),
        ("date", "31.12.2026", "not a date: '31.12.2026'"),
        ("date", "2026-02-30", "not a date: '2026-02-30'"),
        ("datetime", "yesterday", "not a date and time: 'yesterday'"),
        ("text", ["a"], "not text: a list"),
        ("phone_e164:DE", "12", "not a phone number: '12'"),
        ("country_iso2", "Atlantis", "not a country known here: 'Atlantis'"),
        ("tags", {"a": 1}, "not a list: '{'a': 1}'"),
    ],
)
def test_a_bad_value_is_refused_with_the_value(cell: str, raw: Any, reason: str) -> None:
    with pytest.raises(ValueError, match="not") as caught:
        parse(cell).read("salesforce")(raw)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("cell", "options", "reason"),
    [
        ("ful_name", {}, "did you mean 'full_name'?"),
        ("truncate", {"direction": "to_app"}, "truncate needs a word after a colon: the number of characters to keep"),
        ("truncate:many", {"direction": "to_app"}, "for example truncate:255"),
        ("truncate:255", {}, "truncate has no way back; write to_app or to_salesforce in the direction column"),
        ("email:x", {}, "email takes nothing after a colon"),
        ("text", {"salesforce_count": 2}, "text takes one field on each side"),
        ("text", {"app_count": 0}, "one of the two field cells is empty"),
        ("join", {"direction": "to_app", "salesforce_count": 2, "app_count": 2}, "join writes one field"),
        ("full_name", {}, "FirstName + LastName"),
        ("constant:x", {"direction": "to_app"}, "constant reads no field"),
        ("values:industy", {}, "values.csv has no rows for 'industy'"),
        ("datetime:Berlin", {}, "write for example Europe/Berlin"),
        ("date_text:D.M.Y", {}, "for example date_text:DD.MM.YYYY"),
        ("yes_no:Ja", {}, "for example yes_no:Ja/Nein"),
        ("phone_e164:Germany", {}, "'Germany' is not a country known here"),
        ("country_iso2:french", {}, "write english or german"),
        ("number:two", {}, "for example number:2"),
    ],
)
def test_a_wrong_cell_says_what_to_write(cell: str, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)) as caught:
        parse(cell, TABLES, **options)
    assert_explained([str(caught.value)])


def test_a_blank_cell_is_text() -> None:
    assert parse("").name == "text"
    assert parse(" Full_Name ", salesforce_count=2).name == "full_name"


@pytest.mark.feature("FD-14")
def test_tags_agree_whatever_their_order() -> None:
    tags = parse("tags")
    assert tags.read("salesforce")("vip, Partner,,vip") == tags.read("app")(["Partner", "vip"]) == ["Partner", "vip"]
    assert tags.write("salesforce")(["Partner", "vip"]) == ("Partner, vip",)
    assert tags.write("salesforce")(None) == (None,)
    assert tags.write("app")(None) == ([],)


def test_values_translate_both_ways_and_leave_the_rest() -> None:
    values = parse("values:industry", TABLES)
    assert values.read("app")("Maschinenbau") == "Machinery"
    assert values.write("app")("Machinery") == ("Maschinenbau",)
    assert values.read("app")("Chemie") == "Chemie"
    assert values.write("app")("Chemicals") == ("Chemicals",)


def test_values_may_stand_for_nothing() -> None:
    values = parse("values:tier", {"tier": (("", "Basic"), ("Gold", "Premium"))})
    assert values.read("app")("Basic") is None
    assert values.write("app")(None) == ("Basic",)


def test_many_values_to_one_work_one_way_only() -> None:
    pairs = (("Machinery", "Technik"), ("Engineering", "Technik"))
    table = {"industry": (*pairs, ("*", "Andere"))}
    one_way = parse("values:industry", table, direction="to_app")
    assert [one_way.read("salesforce")(value) for value in ("Machinery", "Engineering", "Banking")] == [
        "Technik",
        "Technik",
        "Andere",
    ]
    assert one_way.read("app")("Technik") == "Technik"
    with pytest.raises(ValueError, match="has the app value 'Technik' twice, so there is no way back"):
        parse("values:industry", {"industry": pairs})
    with pytest.raises(ValueError, match="all other values"):
        parse("values:industry", {"industry": (("Machinery", "Technik"), ("*", "Andere"))})


@pytest.mark.parametrize("direction", ["to_app", "to_salesforce"])
def test_one_way_transforms_convert_what_they_read(direction: str) -> None:
    transform = parse("last_name", direction=direction)
    origin, target = SIDES if direction == "to_app" else SIDES[::-1]
    assert transform.read(origin)("Jan van der Berg") == "van der Berg"
    assert transform.read(target)("Jan Berg") == "Jan Berg"
