"""Nested and flat records."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.flat import flatten, to_json, unflatten

NAMES = st.text("abc_", min_size=1, max_size=3)
NESTED = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(NAMES, inner, min_size=1), max_leaves=8
)


@given(st.dictionaries(NAMES, NESTED))
def test_there_and_back(row):
    assert unflatten(flatten(row)) == row


def test_only_named_objects_are_spread():
    row = {"custom_fields": {"x": 1}, "avatar": {"url": "u"}}
    assert flatten(row, ("custom_fields",)) == {"custom_fields.x": 1, "avatar": {"url": "u"}}


@pytest.mark.parametrize(
    ("value", "json_value"),
    [
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01T12:00:00.000Z"),
        (date(2026, 3, 1), "2026-03-01"),
        (Decimal("5.00"), 5),
        (Decimal("5.25"), 5.25),
        (("b", "a"), ["b", "a"]),
        ({"b", "a"}, ["a", "b"]),
        (None, None),
        (True, True),
    ],
)
def test_values_become_json(value, json_value):
    assert to_json(value) == json_value
