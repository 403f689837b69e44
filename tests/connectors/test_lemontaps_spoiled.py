"""Export files of Lemontaps, spoiled on their way: bad lines are told with their place, the others are read, nothing is raised."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from spoiling import spoil

from connectors.connection import Settings
from connectors.contract import UNREADABLE, Connector, Page
from connectors.opening import build_connector
from sandbox.lemontaps.book import BLANK
from sandbox.lemontaps.files import write_file

SPOILED_FILES, BLOCK = 400, 50
PEOPLE = [
    {
        **BLANK,
        "id": f"lt_{number}",
        "first_name": "Jürgen",
        "last_name": f"Groß {number}",
        "email": f"p{number}@firma.example",
        "phone_mobile": "+49 199 5550001",
        "company": "Müller & Söhne; Hamburg",
        "notes": 'Trägt "Öl" ein,\nbitte anrufen',
        "met_on": "2026-11-22",
    }
    for number in range(12)
]
LAYOUTS = ({"language": "en"}, {"language": "de", "delimiter": ";"}, {"language": "en", "delimiter": "\t", "id": False})
EXPORTS = [("csv", write_file(PEOPLE, "csv", **layout).encode()) for layout in LAYOUTS]  # type: ignore[arg-type]
EXPORTS.append(("vcf", write_file(PEOPLE, "vcf").encode()))
PROBLEM = re.compile(r"contacts\.\w+(, (line \d+: \S|it is |'[\w-]+' codec can't)|: \d+ more lines$)")


def opened(folder: Path) -> Connector:
    """The connector of a connection with a path."""
    return build_connector("lemontaps", Settings(extra={"path": str(folder)}))


def read(pages: Iterable[Page]) -> tuple[list[str], list[str]]:
    """Return the ids of the contacts, and all problems."""
    records = [record for page in pages for record in page.records if not record.is_deleted]
    bad = [str(words) for record in records for words in record.raw.get(UNREADABLE, ())]
    return [record.id for record in records if UNREADABLE not in record.raw], bad


def test_the_files_are_good_before_they_are_spoiled(tmp_path: Path) -> None:
    for number, (ending, content) in enumerate(EXPORTS):
        (tmp_path / f"contacts{number}.{ending}").write_bytes(content)
    ids, problems = read(opened(tmp_path).read_changes("contact", None, []))
    assert (len(ids), problems) == (len(EXPORTS) * len(PEOPLE), [])


@pytest.mark.feature("LT-14")
@pytest.mark.parametrize("start", range(0, SPOILED_FILES, BLOCK))
def test_of_a_spoiled_file_what_can_be_read_is_read_and_the_rest_told(start: int, tmp_path: Path) -> None:
    found, told = 0, 0
    for seed in range(start, start + BLOCK):
        ending, content = EXPORTS[seed % len(EXPORTS)]
        folder = tmp_path / str(seed)
        folder.mkdir()
        spoiled = spoil(content, seed)
        (folder / f"contacts.{ending}").write_bytes(spoiled)
        source = opened(folder)
        ids, problems = read(source.read_changes("contact", datetime(2000, 1, 1, tzinfo=UTC), []))
        assert [problem for problem in problems if not PROBLEM.match(problem)] == [], seed
        assert len(ids) == len(set(ids)), seed
        assert {record.id for page in source.read("contact", ids, []) for record in page.records} == set(ids), seed
        assert ids or problems or len(spoiled.splitlines()) == 1, f"seed {seed}: nothing is told of a file from which nobody came"
        found, told = found + len(ids), told + bool(problems)
    assert found > BLOCK
    assert told > BLOCK / 4
