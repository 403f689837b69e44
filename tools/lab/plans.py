"""Held plans: a guard so narrow that it holds every busy run, and people who approve, reject or forget what was held."""

from dataclasses import dataclass
from random import Random

from sqlalchemy import Engine, text

from sync import approval
from tools.lab.runs import Runs
from tools.lab.task import APPLY

DECISIONS = ("approved", "rejected", "expired", "later")
OFTEN = (5, 1, 1, 3)
AGAIN_SHARE = 0.6  # of the tasks that broke off are cleared at once; the others are found open by the next round
TRIES = 6


def guard(most: int) -> str:
    """Return the setting by which a run with more than `most` writes of one kind is held."""
    limits = ", ".join(f"{operation}: {{most: {most}}}" for operation in ("create", "update", "delete"))
    return f"guard: {{first_run: go, minimum: {most}, {limits}}}"


@dataclass
class Plans:
    """The plans of one world that wait for a person."""

    engine: Engine
    runs: Runs
    chance: Random

    def open(self) -> list[int]:
        """The plans that wait, and those that were approved and not carried out to the end."""
        with self.engine.connect() as connection:
            query = "select batch_id from sync.approval where state in ('waiting', 'approved') order by 1"
            return list(connection.execute(text(query)).scalars())

    def decide(self, round_: int, kills: int) -> None:
        """Let a person decide on some of the open plans, with tasks killed or held still on the way."""
        for plan in self.open():
            [decision] = self.chance.choices(DECISIONS, OFTEN)
            if decision == "approved" or (decision != "later" and self._state(plan) == "approved"):
                kills -= self._carry_out(plan, round_, kills)
            elif decision != "later":
                approval.decide(self.engine, plan, decision, "the laboratory")
                self.runs.score.done["rejected"] += 1

    def carry_out_all(self) -> bool:
        """Approve whatever is open and carry it out, with nothing in the way; return whether there was any."""
        plans = self.open()
        for plan in plans:
            self._count(self.runs.work((f"{APPLY}{plan}",), f"plan-{plan}").is_good)
        return bool(plans)

    def _carry_out(self, plan: int, round_: int, kills: int) -> int:
        """Carry a plan out, again and again or left half-way; return how many tasks were killed."""
        killed = 0
        stages = (f"{APPLY}{plan}",)
        for _ in range(TRIES):
            incident = self.chance.choice(("none", "meanwhile"))
            ending = self.runs.work(stages, f"plan-{plan}", self.runs.moment(stages, kills - killed), incident, round_)
            killed += ending.is_killed
            self._count(ending.is_good)
            if ending.is_good or self.chance.random() > AGAIN_SHARE:
                break
        return killed

    def _state(self, plan: int) -> str:
        return approval.read_approval(self.engine, plan).state

    def _count(self, is_good: bool) -> None:
        self.runs.score.done["carried"] += is_good
