"""Read the data team's files as text in whatever encoding they were saved, and name problems by file, line and column."""

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]

MAX_BYTES = 5_000_000
SHORT = 5  # letters: one slip of the finger weighs more

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_GARBLED = re.compile("Ã[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹Œ''“”•–—˜™š›œžŸ]|â€")
_NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook (.xlsx) under another name",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls) under another name",
    b"%PDF": "a PDF",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in one place. `column` is the cell number in a CSV, the character in YAML."""

    file: str
    line: int
    column: int
    field: str
    message: str
    row_name: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        """Return one line as editors and CI understand it."""
        mark = "warning: " if self.severity == "warning" else ""
        what = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}:{self.column}: {mark}{what}{self.message}"


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the one of `choices` that was perhaps meant by `word`, "" if none is near."""
    by_folded = {choice.casefold(): choice for choice in choices}
    cutoff = 0.6 if len(word) < SHORT else 0.7
    close = difflib.get_close_matches(word[:100].casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else ""


def suggest(word: str, choices: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" when one of `choices` is near `word`, else nothing."""
    near = nearest(word, choices)
    return f" (did you mean '{near}'?)" if near else ""


def one_of(words: Collection[str]) -> str:
    """Return the words as prose: "a, b or c"."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def read_text(path: Path, problems: list[Problem], limit: int = MAX_BYTES) -> str | None:
    """Return the text of `path` with plain line feeds, or None after adding the problem that prevents it."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        problems.append(Problem(path.name, 1, 1, "", _missing(path)))
        return None
    except OSError as error:
        problems.append(Problem(path.name, 1, 1, "", f"the file cannot be read ({error.strerror}); check name and rights"))
        return None
    if len(content) > limit:
        message = f"the file is larger than {limit / 1e6:g} MB; a mapping is far smaller, check what was saved here"
        problems.append(Problem(path.name, 1, 1, "", message))
        return None
    text = _decode(path.name, content, problems)
    return None if text is None else _clean(path.name, text, problems)


def _missing(path: Path) -> str:
    if not path.parent.is_dir():
        return f"the folder {path.parent.name} is missing; create it with settings.yaml and one CSV per entity"
    others = sorted(other.name for other in path.parent.iterdir() if not other.name.startswith("~$"))
    hint = suggest(path.name, others)
    return f"the file is missing{hint}; " + ("in Excel choose Save as > CSV UTF-8" if ".xls" in hint else "create it here")


def _decode(file: str, content: bytes, problems: list[Problem]) -> str | None:
    for magic, kind in _NOT_TEXT.items():
        if content.startswith(magic):
            problems.append(Problem(file, 1, 1, "", f"this is {kind}; in Excel choose Save as > CSV UTF-8"))
            return None
    encodings = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        problems += _doubts(file, text, is_windows=encoding == "cp1252")
        return text
    message = "the file is not text in UTF-8, UTF-16 or Windows-1252; in Excel choose Save as > CSV UTF-8"
    problems.append(Problem(file, 1, 1, "", message))
    return None


def _doubts(file: str, text: str, is_windows: bool) -> list[Problem]:
    garbled = _GARBLED.search(text)
    if garbled and is_windows:
        message = f"two character encodings are mixed ('{garbled[0]}' here); save the whole file as UTF-8"
        return [Problem(file, _line_at(text, garbled.start()), 1, "", message)]
    if garbled:
        message = f"'{garbled[0]}' looks like a letter saved in the wrong encoding; if so, type it anew"
        return [Problem(file, _line_at(text, garbled.start()), 1, "", message, severity="warning")]
    if not is_windows:
        return []
    first = re.search(r"[^\x00-\x7f]", text)
    message = f"'{first[0] if first else ''}' and its like are read as Windows-1252; save the file as UTF-8 to be certain"
    return [Problem(file, _line_at(text, first.start() if first else 0), 1, "", message, severity="warning")]


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _clean(file: str, text: str, problems: list[Problem]) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _CONTROL.search(text)
    if not found:
        return text
    line = _line_at(text, found.start())
    message = f"an unprintable character (U+{ord(found[0]):04X}) is in this line; type the line anew"
    problems.append(Problem(file, line, 1, "", message))
    return _CONTROL.sub("", text)
