"""Transforms of people's names: one text on one side, first and last name on the other."""

from typing import Any

from sync.transforms.registry import Codec, Example, Use, one_way, single, transform
from sync.transforms.texts import read_text

PARTICLES = frozenset(
    (
        "af", "al", "am", "auf", "aus", "av", "bin", "da", "das", "de", "degli", "dei", "del", "della", "den", "der",
        "des", "di", "do", "dos", "du", "e", "el", "ibn", "il", "la", "las", "le", "les", "lo", "los", "op", "'t", "te",
        "ten", "ter", "tot", "und", "van", "vom", "von", "y", "zu", "zum", "zur",
    )
)  # fmt: skip
SUFFIXES = frozenset(("jr", "jr.", "sr", "sr.", "ii", "iii", "iv"))


def split_name(name: str | None) -> tuple[str | None, str | None]:
    """Return first and last name: the last word, with particles (van, de la …) before and "Jr." behind, is the last name."""
    words = name.split() if name else []
    if not words:
        return None, None
    start = len(words) - 1
    if start > 1 and words[start].casefold() in SUFFIXES:
        start -= 1
    while start > 0 and words[start - 1] in PARTICLES:
        start -= 1
    return " ".join(words[:start]) or None, " ".join(words[start:])


def join_name(*parts: Any) -> str | None:
    """Return the parts as one name with single blanks."""
    return " ".join(word for part in parts if part is not None for word in str(part).split()) or None


@transform(
    "full_name",
    common_type="text",
    counts="many to one",
    examples=(
        Example(("Mara", "Lind"), "Mara Lind", ("Mara Lind",)),
        Example((None, "Lind"), "Lind", ("Lind",)),
        Example(("Jan", "van der Berg"), "Jan van der Berg", ("Jan van der Berg",)),
    ),
)
def full_name(use: Use) -> Codec:
    """First and last name on the side with two fields, one text on the other. Coming back, the last word is the last
    name, with van, de la and the like before it; a single word is a last name."""
    counts = (use.salesforce_count, use.app_count)
    if counts not in ((2, 1), (1, 2)):
        raise ValueError("name first and last name on one side and one field on the other: FirstName + LastName")
    if use.salesforce_count == 2:
        return Codec(join_name, split_name, join_name, single)
    return Codec(join_name, single, join_name, split_name)


@transform(
    "first_name",
    common_type="text",
    is_invertible=False,
    examples=(Example(("Mara Sofie Lind",), "Mara Sofie", ("Mara Sofie",)),),
)
def first_name(use: Use) -> Codec:
    """The first names out of a full name. One-way."""
    return one_way(use, lambda value: split_name(join_name(value))[0], read_text)


@transform(
    "last_name",
    common_type="text",
    is_invertible=False,
    examples=(Example(("Jan van der Berg",), "van der Berg", ("van der Berg",)),),
)
def last_name(use: Use) -> Codec:
    """The last name out of a full name. One-way."""
    return one_way(use, lambda value: split_name(join_name(value))[1], read_text)


@transform(
    "with_others",
    common_type="text",
    is_invertible=False,
    counts="many to one",
    examples=(
        Example(("Mara", "Lind"), "Mara", ("Mara",)),
        Example(("Mara", None), None, (None,)),
    ),
)
def with_others(use: Use) -> Codec:
    """The first of several fields, but only where none of them is empty: a first name that has to serve as the last name
    is not written twice. One-way."""

    def read_accompanied(*values: Any) -> str | None:
        texts = [read_text(value) for value in values]
        return texts[0] if all(texts) else None

    return one_way(use, read_accompanied, read_text)
