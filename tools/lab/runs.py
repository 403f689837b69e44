"""Runs: carried out as a scheduler does, while tasks are killed and the ground shakes."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from sync.stages import STAGES
from tools.lab import moments
from tools.lab.people import People
from tools.lab.score import Score
from tools.lab.systems import Systems
from tools.lab.task import APPLY, Ending, Place, Task
from tools.lab.trouble import LATE_SECONDS, Trouble

QUICK = tuple(stage for stage in STAGES if stage != "validate")  # the data-quality checks cost a second a run
CHECKED_SHARE = 0.08  # of the runs have them all the same
INCIDENTS = ("none", "none", "crash", "cut", "race", "stale", "meanwhile", "meanwhile")
GROUND = ("crash", "cut")  # what shakes the database; no task is killed at that time
TRIES = 12  # of one run, before it is given up
LOADS_KILLED, OTHERS_KILLED = 1.0, 0.25  # while kills are due: most of what can go wrong is in the load
LOST_SHARE = 0.75  # of those held still between two calls lose their database sessions, and with them the lock, to another worker
HELD_SHARE = 0.7  # of the loads that are not killed are held still once while people act
ANEW_SHARE = 0.4  # of what failed is left to a new run; the rest is cleared
ANOTHER = "another worker"


@dataclass
class Runs:
    """All runs of one world. `tick` tells the time of the world, which is no clock but an order."""

    systems: Systems
    place: Place
    database: str
    people: People
    trouble: Trouble
    chance: Random
    tick: Callable[[], int]
    score: Score
    note: Callable[[str, Any], None]
    begun: list[int] = field(default_factory=list)  # when a task began
    crashes: list[str] = field(default_factory=list)  # errors that no stage may raise
    _count: int = 0
    _usual: dict[tuple[str, ...], Ending] = field(default_factory=dict)

    def carry_out(self, round_: int, kills: int, incident: str, total_seconds: float) -> tuple[int, int] | None:
        """Carry one run out, whatever happens to it; return when its reading began and when it was through, if it came so far."""
        self.place = replace(self.place, total_seconds=total_seconds)
        stages = STAGES if self.chance.random() < CHECKED_SHARE else QUICK
        todo: Sequence[str] = stages
        run_id, begun = self.next(), self.tick()
        for attempt in range(TRIES + kills):
            part = self._part(todo)
            begun = self.tick() if part[0] == "extract" else begun
            beside = "" if attempt else incident
            ending = self.work(part, run_id, self.moment(part, 0 if beside in GROUND else kills), beside, round_)
            kills -= ending.is_killed
            if ending.is_good and any("superseded_by" in counts for counts in ending.done.values()):
                run_id, todo = self.next(), stages
            elif ending.is_good:
                todo = todo[len(part) :]
                if not todo or (part[0] == "extract" and not ending.done["extract"]["total"]):
                    self._rerun_late(stages, incident)
                    return begun, self.tick()
                if part[0] == "extract":
                    self.people.act(round_, f"midway-{attempt}", 0.1)
            elif ANOTHER in ending.error:
                time.sleep(0.02)
            else:
                todo = todo[todo.index(next(stage for stage in todo if stage not in ending.done)) :]
                run_id, todo = (self.next(), stages) if self.chance.random() < ANEW_SHARE else (run_id, todo)
                if attempt > 1 and not ending.is_killed:
                    self.trouble.clear()
        return None

    def work(
        self, stages: Sequence[str], run_id: str, moment: moments.Moment | None = None, incident: str = "", round_: int = 0
    ) -> Ending:
        """Let a process work, with what happens beside it; return how it ended."""
        self.begun.append(self.tick())
        task = Task(self.place, run_id, stages, moment)
        if incident == "race":
            beside = threading.Thread(target=self._await, args=(self._rival(run_id, stages), stages, run_id))
        else:
            beside = threading.Thread(
                target=self._beside, args=(incident, round_, self.chance.uniform(0, 0.7) * self._seconds(stages))
            )
        beside.start()
        ending = task.wait(lambda: self._while_held(round_, run_id, stages, moment))
        beside.join()
        if self.trouble.is_late:
            time.sleep(LATE_SECONDS)
        self._hear(ending, stages, run_id, moment)
        return ending

    def next(self) -> str:
        """Return the id of a new run."""
        self._count += 1
        self.score.done["runs"] += 1
        return f"run-{self._count}"

    def _part(self, todo: Sequence[str]) -> Sequence[str]:
        """What one process works off: often the extract alone, so that people can act between it and the load."""
        return todo[:1] if todo[0] == "extract" and self.chance.random() < 0.5 else todo

    def moment(self, part: Sequence[str], kills: int) -> moments.Moment | None:
        """Return when a process that works off `part` is killed, while kills are due, or held still; None: never."""
        is_load = part[-1] == "load" or part[-1].startswith(APPLY)
        is_killed = kills > 0 and self.chance.random() < (LOADS_KILLED if is_load else OTHERS_KILLED)
        if not is_killed and not (kills <= 0 and is_load and self.chance.random() < HELD_SHARE):
            return None
        usual = self._usual.get(_alike(part))
        counts, seconds = (usual.usual, usual.seconds) if usual else (Counter(call=20, commit=10), 0.5)
        return moments.draw(self.chance, counts, seconds, is_pause=not is_killed)

    def _seconds(self, stages: Sequence[str]) -> float:
        """How long such a task usually takes."""
        usual = self._usual.get(_alike(stages))
        return usual.seconds if usual else 0.2

    def _rerun_late(self, stages: Sequence[str], incident: str) -> None:
        """Clear a task of some run that is long over."""
        if incident == "stale":
            self.score.done["stale"] += 1
            self.work((self.chance.choice(stages[1:]),), f"run-{self.chance.randint(1, self._count)}")

    def _rival(self, run_id: str, stages: Sequence[str]) -> Task:
        self.score.done["races"] += 1
        return Task(self.place, self.chance.choice((run_id, self.next())), stages)

    def _await(self, task: Task, stages: Sequence[str], run_id: str) -> None:
        self._hear(task.wait(), stages, run_id, None)

    def _beside(self, incident: str, round_: int, delay: float) -> None:
        if incident in (*GROUND, "meanwhile"):
            time.sleep(delay)
        if incident in GROUND:
            strike = self.systems.crash if incident == "crash" else self.systems.cut
            is_struck = any(strike(self.database) or time.sleep(0.02) for _ in range(20))
            self.score.done["crashes" if incident == "crash" else "cuts"] += is_struck
        elif incident == "meanwhile":
            self.people.act(round_, "meanwhile", 0.1)

    def _while_held(self, round_: int, run_id: str, stages: Sequence[str], moment: moments.Moment | None) -> None:
        """Let people act while a task stands still; where it cannot have a call on its lips, it may lose its lock to another worker."""
        self.score.done["pauses"] += 1
        self.people.act(round_, f"held-{self.score.done['pauses']}", 0.2)
        is_lost = moment and moment.what in moments.BETWEEN_CALLS and self.chance.random() < LOST_SHARE
        if is_lost and self.systems.cut(self.database):
            self.score.done["lost"] += 1
            other, todo = (run_id, stages) if self.chance.random() < ANEW_SHARE else (self.next(), QUICK)
            self._await(Task(self.place, other, todo), todo, other)

    def _hear(self, ending: Ending, stages: Sequence[str], run_id: str, moment: moments.Moment | None) -> None:
        what = vars(moment) if moment else None
        self.note(
            "work", [run_id, list(stages), what, list(ending.done), ending.error, ending.is_killed, round(ending.seconds, 2)]
        )
        self.score.done["kills"] += ending.is_killed
        if ending.is_killed and moment:
            self.score.kills[moment.what] += 1
        if ending.is_good:
            self._usual[_alike(stages)] = ending
        if ending.trace:
            self.crashes.append(ending.trace)
        self.score.done["held"] += bool(ending.done.get("reconcile", {}).get("held"))


def _alike(stages: Sequence[str]) -> tuple[str, ...]:
    """What such a process is remembered by: all plans are alike."""
    return tuple(APPLY if stage.startswith(APPLY) else stage for stage in stages)
