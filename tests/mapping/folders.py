"""Small mapping folders for the tests, written to disk and read as users' files are."""

from pathlib import Path

from guide import assert_explained

from connectors.errors import MappingError
from sync import mapping
from sync.files import Problem

HEADER = "salesforce_field,app_field,direction,transform,on_conflict,on_empty,overwrite,default,required,note"
CONTACT = f"""{HEADER}
FirstName + LastName,name,both,full_name,,,,,yes,
Email,email,both,email,,,if_empty,,,
"""
SETTINGS = """app: freshdesk
entities:
  contact:
    match: [email]
"""


def write(folder: Path, settings: str | bytes = SETTINGS, **tables: str | bytes) -> Path:
    """Write `settings.yaml`, and `contact.csv` unless given otherwise, into `folder`; other tables by their name."""
    files = {"settings.yaml": settings, **{f"{name}.csv": text for name, text in {"contact": CONTACT, **tables}.items()}}
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def problems_of(folder: Path) -> list[str]:
    """Return the problems that loading `folder` raises, none when it loads."""
    try:
        mapping.load(folder)
    except MappingError as error:
        assert_explained(error.problems)
        return list(error.problems)
    return []


def warnings_of(folder: Path) -> list[str]:
    """Return the warnings of a folder that loads."""
    warnings = [str(problem) for problem in mapping.load(folder).warnings]
    assert_explained(warnings)
    return warnings


def all_of(folder: Path) -> list[Problem]:
    """Return problems and warnings of `folder`."""
    problems: list[Problem] = []
    mapping.read(folder, problems)
    return sorted(problems)
