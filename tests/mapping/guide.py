"""The messages that docs/mapping-guide.md explains, as patterns, so that no test meets one that is not explained."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs/mapping-guide.md"
MESSAGE = re.compile(r"^\| (`+)(.+?)\1 \|", re.MULTILINE)
PLACE = re.compile(r"[^:]*:\d+:\d+: ")


@cache
def messages() -> tuple[str, ...]:
    """Return every message of the guide as it is written there."""
    _, _, listed = GUIDE.read_text(encoding="utf-8").partition("## Messages")
    return tuple(match[2].strip() for match in MESSAGE.finditer(listed))


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    """Return every message as a pattern; … stands for anything."""
    return tuple(re.compile(".*".join(map(re.escape, message.split("…"))) + "$", re.DOTALL) for message in messages())


def explanation(problem: str) -> str:
    """Return the message of the guide that explains `problem`, "" if there is none."""
    text = PLACE.sub("", problem, count=1)
    texts = [text, *(text[match.end() :] for match in re.finditer(": ", text))]
    found = (message for text in texts for message, pattern in zip(messages(), patterns(), strict=True) if pattern.match(text))
    return next(found, "")


def assert_explained(problems: Iterable[str]) -> None:
    """Fail for a message that the guide does not explain."""
    unexplained = [problem for problem in problems if not explanation(problem)]
    assert not unexplained, f"add to the messages in docs/mapping-guide.md: {unexplained}"
