"""Whatever stands in the files: a mapping, or one MappingError that lists the problems, never another exception."""

import re
import tempfile
from pathlib import Path

import pytest
from folders import CONTACT, HEADER, SETTINGS, problems_of, write
from hypothesis import given, settings
from hypothesis import strategies as st
from spoiling import YAML_ODDITIES, bomb, spoil

pytestmark = pytest.mark.feature("ALL-07")

PLACE = re.compile(r"[\w.-]+:\d+:\d+: \S")
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
@settings(max_examples=200)
def test_any_bytes(table: bytes, document: bytes) -> None:
    load(settings=document, contact=table)
    load(contact=table, values=table, users=table)


@given(SOUP, SOUP, SOUP, ENCODINGS)
@settings(max_examples=300)
def test_any_soup_of_signs(table: str, rows: str, document: str, encoding: str) -> None:
    load(settings=document.encode(encoding, "replace"), contact=(f"{HEADER}\n{rows}").encode(encoding, "replace"))
    load(contact=table, values=f"field;salesforce_value;app_value\n{rows}", users=f"salesforce_user,app_user\n{rows}")


@given(st.data(), st.sampled_from(["settings", "contact"]))
@settings(max_examples=300)
def test_any_damage_to_good_files(data: st.DataObject, which: str) -> None:
    text = {"settings": SETTINGS, "contact": CONTACT}[which]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    load(**{which: text[:start] + data.draw(SOUP) + text[end:]})


@given(st.lists(st.lists(SOUP, max_size=12), max_size=6))
@settings(max_examples=200)
def test_any_cells(cells: list[list[str]]) -> None:
    lines = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    load(contact="\n".join([HEADER.replace(",", ";"), *lines]))


SHIPPED = Path(__file__).parents[2] / "include" / "mappings"
FILES = sorted(path.relative_to(SHIPPED) for path in SHIPPED.glob("*/*") if path.suffix in (".csv", ".yaml"))
SPOILED_FILES, BLOCK = 1_000, 50


def spoiled_folder(folder: Path, seed: int) -> list[str]:
    """Copy a shipped folder with one of its files spoiled, or a table nobody has shipped; return the problems."""
    which = FILES[seed % len(FILES)]
    for path in (SHIPPED / which).parent.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    name = {17: "every.csv", 18: "users.csv"}.get(seed % 20, which.name)
    tables = {"every.csv": CONTACT.encode(), "users.csv": b"salesforce_user,app_user,note\nada@a.example,bo@a.example,\n"}
    content = (folder / name).read_bytes() if (folder / name).exists() else tables[name]
    (folder / name).write_bytes(spoil(content, seed))
    return problems_of(folder)


@pytest.mark.parametrize("start", range(0, SPOILED_FILES, BLOCK))
def test_spoiled_files_are_loaded_or_their_problems_listed_with_their_places(start: int, tmp_path: Path) -> None:
    refused = 0
    for seed in range(start, start + BLOCK):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            problems = spoiled_folder(folder, seed)
        except BaseException as error:
            error.add_note(f"seed {seed}, {FILES[seed % len(FILES)]}")
            raise
        assert [problem for problem in problems if not PLACE.match(problem)] == [], seed
        refused += bool(problems)
    assert refused > BLOCK / 2, "most of what is spoiled cannot be used"


@pytest.mark.parametrize(
    "document",
    [
        *(f"{SETTINGS}{oddity}" for oddity in YAML_ODDITIES),
        SETTINGS + bomb(9),
        "app: &a freshdesk\nentities: {*a : {}}\n",
        "\n".join("  " * depth + "entities:" for depth in range(200)),
    ],
)  # fmt: skip
def test_odd_documents_are_refused_with_their_place(tmp_path: Path, document: str) -> None:
    assert problems_of(write(tmp_path, settings=document))


@pytest.mark.parametrize("name", ["contact", "every", "users", "values"])
@pytest.mark.parametrize("content", [b"", b"\x00", b"\xff\xfe", b"PK\x03\x04", b'"', b"\n" * 10, b"," * 9999, b"x" * 5_000_001])
def test_tables_of_nothing_are_refused_with_their_place(tmp_path: Path, name: str, content: bytes) -> None:
    problems = problems_of(write(tmp_path, **{name: content}))
    assert any(PLACE.match(problem) and problem.startswith(f"{name}.csv:") for problem in problems)
