"""The scoreboard: what was done to the engine, and what of its promises did not hold."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.lab.findings import LOST, TWIN, UNEXPLAINED, WRONG_WINNER

ECHO, UNEXPECTED = "echo", "unexpected error"
PROMISES = {
    LOST: "lost updates",
    TWIN: "twins",
    UNEXPLAINED: "unexplained differences",
    WRONG_WINNER: "conflicts decided or noted wrongly",
    ECHO: "worlds whose third quiet run was not empty",
    UNEXPECTED: "errors that no stage may raise",
}
DONE = {
    "histories": "histories",
    "worlds": "worlds they lived in",
    "steps": "changes made by people",
    "runs": "runs",
    "kills": "tasks killed with SIGKILL",
    "pauses": "tasks held still while people acted",
    "faults": "faults of the two systems that struck",
    "crashes": "crashes and restarts of Postgres",
    "cuts": "times all database connections were cut",
    "races": "times two workers ran at once",
    "stale": "late reruns of a task whose run was over",
    "told": "records that rest in the end, with the reason",
    "calls": "API calls",
}


@dataclass
class Score:
    """Counts of one or many worlds."""

    done: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)  # by moment
    faults: Counter[str] = field(default_factory=Counter)  # by kind

    def add(self, other: "Score") -> None:
        """Add the counts of another one."""
        for name in ("done", "broken", "kills", "faults"):
            getattr(self, name).update(getattr(other, name))

    @property
    def is_clean(self) -> bool:
        """Every promise held."""
        return not any(self.broken.values())

    def document(self) -> dict[str, Any]:
        """Return plain values."""
        return {name: dict(counts) for name, counts in vars(self).items()}

    @staticmethod
    def of(document: Mapping[str, Mapping[str, int]]) -> "Score":
        """Return the score of plain values."""
        return Score(**{name: Counter(counts) for name, counts in document.items()})


def render(score: Score) -> str:
    """Return the table that people read."""
    return "\n".join(_lines(score))


def _lines(score: Score) -> Iterator[str]:
    for name, words in DONE.items():
        yield f"{words:45}{score.done[name]:>10,}{_details(score, name)}"
    yield f"{'API calls per 1,000 changes':45}{1000 * score.done['calls'] / max(score.done['steps'], 1):>10,.0f}"
    yield ""
    for name, words in PROMISES.items():
        yield f"{words:45}{score.broken[name]:>10,}"


def _details(score: Score, name: str) -> str:
    counts = {"kills": score.kills, "faults": score.faults}.get(name)
    return "   " + ", ".join(f"{what} {count:,}" for what, count in counts.most_common()) if counts else ""
