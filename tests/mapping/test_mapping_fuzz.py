"""Whatever stands in the files: a mapping, or one MappingError that lists the problems, never another exception."""

import tempfile
from pathlib import Path

import pytest
from folders import CONTACT, HEADER, SETTINGS, problems_of, write
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.feature("ALL-07")

PIECES = [
    '"', '""', "'", ";", ",", "\t", "\n", "\r", "\r\n", "#", " ", "\x00", "\ufeff", "\xa0", "ä", "€", "\u2028", "+", ":", "-",
    "|", "*", "&a ", "*a", "<<", "{", "}", "[", "]", "? ", "- ", "!!int ", "%YAML 3", "---", "...", "@", "`", '"\\ud800"',
    "\\UFFFFFFFF", "sep=;", "salesforce_field", "app_field", "direction", "transform", "both", "to_app", "values:", "values:x",
    "truncate:99", "full_name", "constant:", "constant:x", "FirstName + LastName", "Email", "email", "name", "yes", "no",
    "#NAME?", "app: ", "entities:", "contact: ", "match: ", "  ", "1e999", "0x1F", "0.5", "-1", "~", "null",
    "reference:contact", "date_text:DD.MM.YYYY", "phone_e164:DE",
]  # fmt: skip
SOUP = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40).map("".join)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "utf-32"])


def load(**files: str | bytes) -> None:
    """Load a folder with these files and let nothing out but a MappingError with a place in each problem."""
    with tempfile.TemporaryDirectory() as name:
        for problem in problems_of(write(Path(name), **files)):
            _, line, column, *_ = problem.split(":")
            assert line.isdigit()
            assert column.isdigit()


@given(st.binary(max_size=300), st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes(table: bytes, document: bytes) -> None:
    load(settings=document, contact=table)
    load(contact=table, values=table, users=table)


@given(SOUP, SOUP, SOUP, ENCODINGS)
@settings(max_examples=300, deadline=None)
def test_any_soup_of_signs(table: str, rows: str, document: str, encoding: str) -> None:
    load(settings=document.encode(encoding, "replace"), contact=(f"{HEADER}\n{rows}").encode(encoding, "replace"))
    load(contact=table, values=f"field;salesforce_value;app_value\n{rows}", users=f"salesforce_user,app_user\n{rows}")


@given(st.data(), st.sampled_from(["settings", "contact"]))
@settings(max_examples=300, deadline=None)
def test_any_damage_to_good_files(data: st.DataObject, which: str) -> None:
    text = {"settings": SETTINGS, "contact": CONTACT}[which]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    load(**{which: text[:start] + data.draw(SOUP) + text[end:]})


@given(st.lists(st.lists(SOUP, max_size=12), max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_cells(cells: list[list[str]]) -> None:
    lines = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    load(contact="\n".join([HEADER.replace(",", ";"), *lines]))
