"""A spreadsheet opens the CSV of a plan as data, whatever people wrote into their records."""

import csv
import io
import re

import pytest

from health.spreadsheet import as_csv, safe


@pytest.mark.feature("ALL-20")
@pytest.mark.parametrize(
    "words", ["=1+1", "+49 30 1", "-1+1", "@SUM(A1)", "\tx", "\rx", "  =cmd|' /C calc'!A0", "＝1+1", "\u3000=1", '"=1']
)
def test_what_looks_like_a_formula_becomes_text(words: str) -> None:
    assert safe(words) == f"'{words}"


@pytest.mark.feature("ALL-20")
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "words",
    [
        "x;=1+1",
        "x; =1+1",
        "x;\u00a0＝1+1",
        'x;"=1+1',
        "x\t=1+1",
        "\t=1",
        "\r=1",
        "x\r=1+1",
        "x\n-1",
        "x\n\n@SUM(A1)",
        ";;+1",
        '";"=1',
    ],
)
def test_no_cell_is_a_formula_however_the_lines_are_split(words: str, delimiter: str) -> None:
    lines = "".join(as_csv(["a", "b", "c"], [["1", words, words]]))[1:]
    cells = [cell for line in csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter) for cell in line]
    pieces = [piece for cell in cells for piece in re.split(r"[;\t\r\n]", cell)]
    assert not [piece for piece in pieces if piece.strip().lstrip('"').strip().startswith(("=", "+", "-", "@", "＝"))]


@pytest.mark.feature("ALL-20")
@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("a=b; c-d, +1", "a=b; c-d, +1"),
        ("x;y", "x;y"),
        (None, ""),
        (-3, "-3"),
        (1.5, "1.5"),
        ("Mara", "Mara"),
        (True, "true"),
        (["a"], '["a"]'),
    ],
)
def test_other_values_stay_as_they_are(value: object, cell: str) -> None:
    assert safe(value) == cell


@pytest.mark.feature("ALL-20")
def test_the_table_is_read_back_as_it_was_written() -> None:
    content = "".join(as_csv(["a", "b"], [['quoted "x"', "two\nlines"], ["semi;colon", None]]))
    assert content.startswith("﻿")
    assert list(csv.reader(io.StringIO(content[1:]))) == [["a", "b"], ['quoted "x"', "two\nlines"], ["semi;colon", ""]]
