"""A spreadsheet opens the CSV of a plan as data, whatever people wrote into their records."""

import csv
import io

import pytest

from health.spreadsheet import as_csv, safe


@pytest.mark.feature("ALL-20")
@pytest.mark.parametrize("words", ["=1+1", "+49 30 1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0", "＝1+1"])
def test_what_looks_like_a_formula_becomes_text(words: str) -> None:
    assert safe(words) == f"'{words}"


@pytest.mark.feature("ALL-20")
@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), (-3, "-3"), (1.5, "1.5"), ("Mara", "Mara"), (True, "true"), (["a"], '["a"]')]
)
def test_other_values_stay_as_they_are(value: object, cell: str) -> None:
    assert safe(value) == cell


@pytest.mark.feature("ALL-20")
def test_the_table_is_read_back_as_it_was_written() -> None:
    content = "".join(as_csv(["a", "b"], [['quoted "x"', "two\nlines"], ["semi;colon", None]]))
    assert content.startswith("﻿")
    assert list(csv.reader(io.StringIO(content[1:]))) == [["a", "b"], ['quoted "x"', "two\nlines"], ["semi;colon", ""]]
