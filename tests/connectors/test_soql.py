"""SOQL as text."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import PermanentError
from connectors.salesforce_soql import in_clauses, long_id, quote, select, since_clause

STRING = re.compile(r"'(?:[^'\\\x00-\x1f]|\\['\"\\nrtbf]|\\u[0-9a-f]{4})*'")
UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def unquote(text):
    """Read a SOQL string as the reference describes it."""
    return re.sub(
        r"\\(u[0-9a-f]{4}|.)",
        lambda found: chr(int(found[1][1:], 16)) if len(found[1]) == 5 else UNESCAPED.get(found[1], found[1]),
        text[1:-1],
    )


@given(st.text())
def test_any_text_is_one_string_that_reads_back(text):
    assert STRING.fullmatch(quote(text))
    assert unquote(quote(text)) == text


@given(st.lists(st.text(min_size=1), max_size=500))
def test_lists_are_cut_without_losing_any(values):
    clauses = list(in_clauses("Email", values))
    found = [unquote(text) for clause in clauses for text in STRING.findall(clause)]
    assert found == [value for value in dict.fromkeys(values) if value.strip()]
    assert all(len(clause) < 14_000 and clause.count("','") < 200 for clause in clauses)


def test_fields_are_named_once_in_their_order():
    assert select(["Email", "id", "Id", "email"], "Contact") == "SELECT Email, id FROM Contact"


@pytest.mark.parametrize("name", ["", "a b", "a'b", "1a", "a.", "a,b", "Id FROM User", "é"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(PermanentError):
        select([name], "Contact")


def test_a_lower_bound_is_whole_seconds_in_utc():
    since = datetime(2026, 3, 1, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert since_clause("SystemModstamp", since) == "SystemModstamp >= 2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("short", "checksum"),
    [("0015500001QdQWa", "AAN"), ("0037e00001WZ30q", "AAD"), ("750P0000006HoSQ", "IA0"), ("003P000001avB5G", "IAU")],
)
def test_ids_get_their_checksum(short, checksum):
    assert long_id(short) == short + checksum
    assert long_id(short + checksum) == short + checksum
