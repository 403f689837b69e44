"""What happens to a file between a spreadsheet, a mail and a disk: each way takes the bytes of a file and gives worse ones."""

import random
from collections.abc import Callable

Way = Callable[[random.Random, bytes], bytes]

FLOATS = [
    "45981.0",
    "45981,75",
    "1.25E+15",
    "4.0",
    "22.11.2026",
    "2026-11-22 00:00:00",
    "#REF!",
    "#NAME?",
    "########",
    "WAHR",
    "1e999",
]
SIGNS = [
    "„",
    "”",
    "\u00a0",
    "\u200b",
    "\u2028",
    "\x0b",
    "\x1b[0m",
    "😀",
    "\ufeff",
    "\ud7ff",
    "é",
    "ß",
    "\t",
    "\\",
    "`",
    "%",
    "@",
    "*",
    "&",
]
YAML_ODDITIES = [
    "  - [" * 400, "{" * 3000, "[" * 3000 + "]" * 3000, "a: " * 60, "? " * 90, "!!python/object/apply:os.system [ls]\n", "<<: *x\n",
    "\tmatch: [email]\n", "entities:\n  entities:\n    entities: {}\n", "match: [email\n", "key: 'open\n", 'key: "\\xZZ"\n', "--- \n--- \n",
    "%YAML 9.9\n---\n", "!!binary x\n", "? [a, b]\n: c\n", "- a\n- b\n", "direction: both: both\n", "schedule: 12:30:45\n", "= = =\n",
]  # fmt: skip


def cut(chance: random.Random, content: bytes) -> bytes:
    """The copy ended early."""
    return content[: chance.randrange(len(content))]


def cut_out(chance: random.Random, content: bytes) -> bytes:
    """A piece is missing."""
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.randint(1, 40) :]


def shifted(chance: random.Random, content: bytes) -> bytes:
    """A delimiter too many, or one too few, in a few lines: the columns are shifted."""
    lines = content.split(b"\n")
    for place in chance.sample(range(len(lines)), min(3, len(lines))):
        lines[place] = lines[place].replace(b",", b"", 1) if chance.random() < 0.5 else b"," + lines[place]
    return b"\n".join(lines)


def by_excel(chance: random.Random, content: bytes) -> bytes:
    """Excel's own delimiters, quotes and line ends, some lines wholly quoted, some cells with what it made of them."""
    lines = content.decode(errors="replace").split("\n")
    for place in chance.sample(range(len(lines)), min(4, len(lines))):
        cells = lines[place].split(",")
        cells[chance.randrange(len(cells))] = chance.choice(FLOATS)
        lines[place] = chance.choice([",", ";", '","']).join(cells)
        lines[place] = f'"{lines[place]}"' if chance.random() < 0.4 else lines[place]
    text = "\r\n".join(lines)
    return (chance.choice(["", "sep=;\r\n", "sep=\r\n", "\ufeff"]) + text.replace(",", chance.choice(",;\t"))).encode()


def encoded(chance: random.Random, content: bytes) -> bytes:
    """Another encoding, told or not, or one upon another."""
    text = content.decode(errors="replace").replace("e", chance.choice("eéèüß"), chance.randint(0, 5))
    name = chance.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "cp850", "utf-7"])
    made = text.encode(name, "replace")
    return made.decode("latin-1").encode() if chance.random() < 0.3 else made


def marked(chance: random.Random, content: bytes) -> bytes:
    """Byte order marks where they do not belong."""
    place = chance.choice([0, 0, chance.randrange(len(content))])
    return (
        content[:place]
        + chance.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf" * 2, b"\x00"])
        + content[place:]
    )


def zeroed(chance: random.Random, content: bytes) -> bytes:
    """A disk that filled a piece with zeros."""
    start = chance.randrange(len(content))
    return content[:start] + b"\x00" * chance.randint(1, 600) + content[start + chance.randint(0, 600) :]


def flipped(chance: random.Random, content: bytes) -> bytes:
    """Bytes that are anything."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 12)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def swollen(chance: random.Random, content: bytes) -> bytes:
    """A huge cell, a huge number of cells, or a quote that is never closed."""
    piece = chance.choice([b"x" * 70_000, b"," * 5_000, b'"', b'"' * 999, b"\n" * 6_000, b"a\n" * 5_001, b'"' + b"line\n" * 300])
    start = chance.randrange(len(content))
    return content[:start] + piece + content[start:]


def repeated(chance: random.Random, content: bytes) -> bytes:
    """Lines twice: keys, rows, the header."""
    lines = content.split(b"\n")
    for _ in range(chance.randint(1, 4)):
        lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return b"\n".join(lines)


def shuffled(chance: random.Random, content: bytes) -> bytes:
    """The lines in another order, or none but one."""
    lines = content.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines[: chance.choice([1, 2, len(lines)])])


def typed_over(chance: random.Random, content: bytes) -> bytes:
    """Signs that nobody sees, or sees too late."""
    text = content.decode(errors="replace")
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(SIGNS) + text[place:]
    return text.encode()


def conflicting(chance: random.Random, content: bytes) -> bytes:
    """A merge that nobody finished."""
    lines = content.split(b"\n")
    place = chance.randrange(len(lines))
    return b"\n".join([*lines[:place], b"<<<<<<< HEAD", *lines[place : place + 2], b"=======", *lines[place:], b">>>>>>> theirs"])


def tangled(chance: random.Random, content: bytes) -> bytes:
    """YAML that is deep, refers to itself, or means something else."""
    piece = chance.choice([*YAML_ODDITIES, bomb(chance.randint(3, 9))]).encode()
    lines = content.split(b"\n")
    place = chance.randrange(len(lines))
    return b"\n".join([*lines[:place], piece, *lines[place:]])


def bomb(generations: int) -> str:
    """Aliases of aliases, ten times as many with each line."""
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, generations)]
    return "\n".join(lines) + "\n"


WAYS: tuple[Way, ...] = (
    cut, cut_out, shifted, by_excel, encoded, marked, zeroed, flipped, swollen, repeated, shuffled, typed_over, conflicting, tangled,
)  # fmt: skip


def spoil(content: bytes, seed: int) -> bytes:
    """Spoil `content` in one to three ways; the same seed spoils it the same way."""
    chance = random.Random(seed)
    content = content or b"\n"
    for way in (WAYS[seed % len(WAYS)], *chance.sample(WAYS, chance.choice([0, 0, 1, 2]))):
        content = way(chance, content) or b"\n"
    return content
