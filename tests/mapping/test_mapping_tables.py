"""A CSV is accepted however a spreadsheet saved it, and means the same; what cannot be is named by line and cell."""

from pathlib import Path

import pytest
from folders import CONTACT, HEADER, problems_of, warnings_of, write

from sync import mapping

pytestmark = [pytest.mark.feature("ALL-06"), pytest.mark.feature("ALL-07")]

ROWS = """FirstName + LastName,name,both,full_name,,,,,yes,"Übername, „kurz“"
Title,job_title,both,,,,,,,
Email,email,both,email,,,if_empty,,,
"""
PLAIN = f"{HEADER}\n{ROWS}"
SEMICOLONS = PLAIN.replace('"Übername, „kurz“"', "\0").replace(",", ";").replace("\0", "Übername, „kurz“")
SPELLINGS = {
    "semicolons": SEMICOLONS.encode(),
    "tabs": SEMICOLONS.replace(";", "\t").encode(),
    "byte order mark": PLAIN.encode("utf-8-sig"),
    "German Excel, CSV UTF-8": SEMICOLONS.replace("\n", "\r\n").encode("utf-8-sig"),
    "German Excel, plain CSV": SEMICOLONS.replace("\n", "\r\n").encode("cp1252"),
    "Excel, Unicode text": SEMICOLONS.replace(";", "\t").replace("\n", "\r\n").encode("utf-16"),
    "old Mac line ends": PLAIN.replace("\n", "\r").encode(),
    "separator line": f"sep=;\r\n{SEMICOLONS}".encode(),
    "another separator": f"sep=|\r\n{SEMICOLONS.replace(';', '|')}".encode(),
    "header in capitals and words": PLAIN.replace("salesforce_field,app_field", "Salesforce Field, APP-FIELD ").encode(),
    "trailing empty columns": PLAIN.replace("\n", ",,,\n").encode(),
    "empty lines": PLAIN.replace("\n", "\n\n,,,,,,,,,\n").encode(),
    "comments": ("# a mapping, \"of sorts\n" + PLAIN.replace("\n", '\n"# quoted, too",,,\n#Fax,fax\n')).encode(),
    "quoted cells": PLAIN.replace("Title,job_title", '"Title", "job_title" ').encode(),
    "stray blanks": PLAIN.replace("Title,job_title", " Title\xa0,\u200bjob_title ").encode(),
    "no line end at the end": PLAIN.rstrip("\n").encode(),
    "rows in one cell": "\n".join(
        '"' + line.replace('"', '""') + '"' if '"' in line else line for line in PLAIN.splitlines()
    ).encode(),
}  # fmt: skip


def rows(folder: Path, content: bytes) -> tuple[mapping.Row, ...]:
    """Return the contact's rows without their place."""
    return mapping.load(write(folder, contact=content)).mappings["contact"].rows


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_means_the_same(spelling: str, tmp_path: Path) -> None:
    expected = mapping.load(write(tmp_path, contact=PLAIN))
    found = mapping.load(write(tmp_path, contact=SPELLINGS[spelling]))
    fields = [
        (row.name, row.salesforce_fields, row.app_fields, row.overwrite, row.required, row.note)
        for row in found.mappings["contact"].rows
    ]
    assert fields == [
        ("name", ("FirstName", "LastName"), ("name",), "always", "yes", "Übername, „kurz“"),
        ("job_title", ("Title",), ("job_title",), "always", "", ""),
        ("email", ("Email",), ("email",), "if_empty", "", ""),
    ]
    assert found.digest == expected.digest


def test_columns_in_any_order_and_the_optional_ones_left_out(tmp_path: Path) -> None:
    found = rows(tmp_path, b"app_field;salesforce_field\nemail;Email\n")
    assert [(row.salesforce_fields, row.app_fields, row.direction) for row in found] == [(("Email",), ("email",), "both")]


def test_a_note_may_have_several_lines(tmp_path: Path) -> None:
    content = f'{HEADER}\nEmail,email,,,,,,,,"first\nsecond"\nTitle,job,,nope,,,,,,\n'
    assert problems_of(write(tmp_path, contact=content)) == [
        "contact.csv:4:4: transform: 'nope' is no transform; the mapping guide lists all"
    ]


def test_windows_text_is_read_and_pointed_out(tmp_path: Path) -> None:
    folder = write(tmp_path, contact=SPELLINGS["German Excel, plain CSV"])
    assert warnings_of(folder) == [
        "contact.csv:2:1: warning: 'Ü' and its like are read as Windows-1252; save the file as UTF-8 to be certain"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "contact.csv:1:1: the file is empty; its first row names salesforce_field, app_field"),
        (b"\n# nothing\n", "contact.csv:1:1: the file is empty"),
        (b"Name,name\n", "contact.csv:1:1: the first row must name the columns (salesforce_field, app_field"),
        (b"app_feild,salesforce_field\nemail,Email\n", "contact.csv:1:1: app_feild: no such column (did you mean 'app_field'?)"),
        (b"salesforce_field\nEmail\n", "contact.csv:1:1: app_field: this column is missing; add it to the first row"),
        (b"salesforce_field,app_field,app_field\n", "contact.csv:1:3: app_field: this column is there twice; take one away"),
        (b"salesforce_field,app_field\nEmail,email,both\n", "contact.csv:2:3: a value stands in a column without a header"),
        (b'salesforce_field,app_field\nEmail,"email\n', "contact.csv:2:2: a quote opens this cell and is not closed"),
        (b'salesforce_field,app_field\n"Email"x,email\n', "contact.csv:2:1: a quote opens this cell and is not closed"),
        (b'salesforce_field,app_field\n"Email\nTitle",x\n', "contact.csv:2:1: salesforce_field: this cell holds a line break"),
        (b"salesforce_field,app_field\nEm\0ail,email\n", "contact.csv:2:1: an unprintable character (U+0000) is in this line"),
        (b"salesforce_field,app_field\n#NAME?,email\n", "contact.csv:2:1: a spreadsheet error '#NAME?' stands here"),
        (b"salesforce_field,app_field\nEmail,#BEZUG!\n", "contact.csv:2:2: a spreadsheet error '#BEZUG!' stands here"),
        (b"PK\x03\x04rest", "contact.csv:1:1: this is an Excel workbook (.xlsx) under another name; in Excel choose Save as"),
        (b"\x81\x8d", "contact.csv:1:1: the file is not text in UTF-8, UTF-16 or Windows-1252"),
        ("app_field\n# Müller\n".encode() + b"# M\xfcller\n", "contact.csv:2:1: two character encodings are mixed"),
        (b"x" * 5_000_001, "contact.csv:1:1: the file is larger than 5 MB"),
        (b"salesforce_field,app_field\n" + b"Email,email\n" * 5001, "contact.csv:5002:1: more than 5000 rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(content: bytes, problem: str, tmp_path: Path) -> None:
    found = problems_of(write(tmp_path, contact=content))
    assert any(each.startswith(problem) for each in found), found


def test_a_lone_quote_hides_nothing_else(tmp_path: Path) -> None:
    content = f'{HEADER}\n"Email,email\nTitle,job,sideways\n'
    places = [problem.partition(": ")[0] for problem in problems_of(write(tmp_path, contact=content))]
    assert places == ["contact.csv:2:1", "contact.csv:2:1", "contact.csv:3:3"]


def test_a_missing_file_is_named_with_the_one_that_was_perhaps_meant(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "contact.csv").rename(tmp_path / "contact.xlsx")
    assert problems_of(tmp_path) == [
        "contact.csv:1:1: the file is missing (did you mean 'contact.xlsx'?); in Excel choose Save as > CSV UTF-8"
    ]


def test_a_missing_file_without_a_likely_twin_is_to_be_created(tmp_path: Path) -> None:
    (write(tmp_path) / "contact.csv").unlink()
    assert problems_of(tmp_path) == ["contact.csv:1:1: the file is missing; create it here"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / "freshdesk")
    assert problem.startswith("settings.yaml:1:1: the folder freshdesk is missing; create it")


def test_a_table_no_one_uses_is_pointed_out(tmp_path: Path) -> None:
    folder = write(tmp_path, contacts=CONTACT)
    assert warnings_of(folder) == [
        "contacts.csv:1:1: warning: this file is not used: settings.yaml has no such entity (did you mean 'contact.csv'?)"
    ]


def test_letters_spoilt_by_an_earlier_save_are_pointed_out(tmp_path: Path) -> None:
    assert warnings_of(write(tmp_path, contact=f"{CONTACT}# MÃ¼ller\n")) == [
        "contact.csv:4:1: warning: 'Ã¼' looks like a letter saved in the wrong encoding; if so, type it anew"
    ]


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "contact.csv").unlink()
    (tmp_path / "contact.csv").mkdir()
    assert problems_of(tmp_path) == ["contact.csv:1:1: the file cannot be read (Is a directory); check name and rights"]
