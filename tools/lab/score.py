"""The scoreboard: what was done to the engine, and what of its promises did not hold."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.lab.findings import LOST, TWIN, UNEXPLAINED, WRONG_WINNER

ECHO, UNEXPECTED = "echo", "unexpected error"
PROMISES = {
    LOST: "lost updates",
    TWIN: "twins",
    UNEXPLAINED: "unexplained differences",
    WRONG_WINNER: "conflicts decided or noted wrongly",
    ECHO: "echoes: worlds whose third quiet run was not empty",
    UNEXPECTED: "errors that no stage may raise",
}
DONE = {
    "histories": "histories",
    "worlds": "worlds they lived in",
    "steps": "changes made by people",
    "runs": "runs",
    "asked": "tasks that were to be killed",
    "kills": "tasks killed with SIGKILL",
    "pauses": "tasks held still while people acted",
    "faults": "faults of the two systems that struck",
    "crashes": "crashes and restarts of Postgres",
    "cuts": "times all database connections were cut",
    "races": "times two workers ran at once",
    "lost": "times a task that was held still had lost its lock to another worker",
    "stale": "late reruns of a task whose run was over",
    "held": "plans held for a person",
    "carried": "held plans carried out",
    "rejected": "held plans rejected or left to expire",
    "jobs": "bulk jobs that wrote to Salesforce",
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


def render(scores: Mapping[str, Score]) -> str:
    """Return the table that people read: all together, and by app."""
    total = Score()
    for each in scores.values():
        total.add(each)
    columns = {"all": total, **scores} if len(scores) > 1 else scores
    return "\n".join(_lines(total, columns))


def _lines(total: Score, columns: Mapping[str, Score]) -> Iterator[str]:
    yield " " * 50 + "".join(f"{name:>15}" for name in columns)
    for name, words in DONE.items():
        yield f"{words:50}{_cells(columns, lambda score, name=name: score.done[name])}{_details(total, name)}"
    yield f"{'API calls per 1,000 changes':50}{_cells(columns, _calls_per_change)}"
    yield ""
    for name, words in PROMISES.items():
        yield f"{words:50}{_cells(columns, lambda score, name=name: score.broken[name])}"


def _cells(columns: Mapping[str, Score], count: Callable[[Score], float]) -> str:
    return "".join(f"{count(score):>15,.0f}" for score in columns.values())


def _calls_per_change(score: Score) -> float:
    return 1000 * score.done["calls"] / max(score.done["steps"], 1)


def _details(score: Score, name: str) -> str:
    counts = {"kills": score.kills, "faults": score.faults}.get(name)
    return "   " + ", ".join(f"{what} {count:,}" for what, count in counts.most_common()) if counts else ""
