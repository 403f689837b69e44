"""One world: both systems, a database, and many histories side by side, through rounds of trouble and two quiet runs to the verdict."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text

from sync.database import connect
from tools.lab.evidence import gather, mark_synced, story
from tools.lab.findings import Finding
from tools.lab.histories import History
from tools.lab.judge import judge
from tools.lab.kinds import App
from tools.lab.people import People
from tools.lab.plans import Plans, guard
from tools.lab.runs import INCIDENTS, QUICK, Runs
from tools.lab.score import ECHO, UNEXPECTED, Score
from tools.lab.systems import Systems
from tools.lab.task import Place
from tools.lab.trouble import Trouble
from tools.place import ROOT

SHIPPED = ROOT / "include" / "mappings"
ROUNDS = 6
READ_SECONDS = 0.25  # a task's patience with one answer
PATIENCE = (0.2, 0.2, 1.2)  # and with one call: the last lets it try again
CALM_SECONDS = 30  # in the end nothing is in the way but a slow machine
SKEWS = (0, 0, 40, -75, 3 * 3600, -2 * 86_400)  # seconds by which a system's clock is wrong
FAULTY_SHARE = 0.8  # of the rounds have faults armed
LEAPS = (0, 0, 900, 3600)  # seconds that pass between two rounds
DRIFT = 60  # and by how much the clocks go apart on the way
OVERLAPS = (0, 10)  # minutes that a run reads again before its watermark
HELD_SHARE = 0.4  # of the worlds have a guard that holds busy runs
BULK_SHARE = 0.4  # of the worlds write to Salesforce by bulk jobs, and read by bulk queries
BULK = {"bulk_writes": 2, "bulk_rows": 30}  # above so many
UNPROCESSED = (0, 0, 1, 3)  # rows at the end of a bulk job that Salesforce may leave
QUIET, QUIET_TRIES = 2, 12  # quiet runs in a row in which nothing was held, and how often that is tried
SETTINGS = "\non_rejected: succeed\n{guard}\n"


@dataclass
class World:
    """A world of `size` histories, all drawn from `seed`. `kills` is how many tasks are to be killed, `incidents` what befalls the
    first runs; what befalls the others is drawn."""

    systems: Systems
    app: App
    seed: str
    size: int
    kills: int
    keep: Path
    incidents: Sequence[str] = ()
    score: Score = field(default_factory=Score)
    log: list[Any] = field(default_factory=list)

    def live(self) -> list[Finding]:
        """Live through it all; return what was broken. The histories that it was found in are kept as files."""
        self._build()
        try:
            for number in range(ROUNDS + 4 * self.kills):
                if number < ROUNDS or self.score.done["kills"] < self.kills:
                    self._round(number)
            findings = self._end()
            self._count(findings)
            for history in self.people.histories:
                self._keep(history, findings)
        finally:
            self._engine.dispose()
        return findings

    def _build(self) -> None:
        self.chance = Random(self.seed)
        self._ticks = 0
        self._reset_systems()
        self._folder = self._settings()
        database = f"lab_{self.seed}"
        url = self.systems.postgres.fresh(database)
        self._engine = connect(url)
        self.people = People(self.app, self.seed, self.size, self.systems.clients, self.tick)
        self.trouble = Trouble(self.people.clients)
        addresses = self.systems.addresses
        place = Place(url, self._folder, self.app.name, addresses, PATIENCE[-1], READ_SECONDS, self._log_path(), self._bulk())
        self.runs = Runs(
            self.systems, place, database, self.people, self.trouble, self.chance, self.tick, self.score, self._note
        )  # fmt: skip
        self.plans = Plans(self._engine, self.runs, Random(f"{self.seed}/plans"))
        self.runs.work(QUICK, self.runs.next())  # the first run only sets the watermarks

    def _reset_systems(self) -> None:
        for name, client in self.systems.clients.items():
            client.clear_faults()
            client.reset(**(self.app.reset if name != "salesforce" else self.app.reset_salesforce))
            client.reset_calls()
        for full_name, metadata in self.app.new_fields.items():
            self.systems.clients["salesforce"].action("add_field", full_name=full_name, metadata=metadata)
        self.systems.clients[self.app.name].switches(**self.app.switches)
        self._offsets: dict[str, float] = {name: self.chance.choice(SKEWS) for name in sorted(self.systems.clients)}
        self._leap(0)

    def _settings(self) -> Path:
        folder = self.systems.folder / self.seed / self.app.name
        shutil.copytree(SHIPPED / self.app.name, folder)
        for name, old, new in self.app.changes:
            content = (folder / name).read_text()
            assert old in content, f"{name} has no {old}"
            (folder / name).write_text(content.replace(old, new, 1))
        settings = folder / "settings.yaml"
        self.prefer = self.chance.choice(("salesforce", "app"))
        is_guarded = Random(f"{self.seed}/guard").random() < HELD_SHARE
        limit = max(2, self.size // 12) if is_guarded else 1_000_000
        content = settings.read_text().replace("prefer: salesforce", f"prefer: {self.prefer}")
        overlap = Random(f"{self.seed}/overlap").choice(OVERLAPS)
        content = content.replace("overlap_minutes: 10", f"overlap_minutes: {overlap}")
        settings.write_text(content + SETTINGS.format(guard=guard(limit)))
        return folder

    def _bulk(self) -> dict[str, Any]:
        """Return the options by which Salesforce is written to by bulk jobs, in some worlds."""
        chance = Random(f"{self.seed}/bulk")
        is_bulk = chance.random() < BULK_SHARE
        self.systems.clients["salesforce"].switches(bulk_unprocessed=chance.choice(UNPROCESSED) if is_bulk else 0)
        return BULK if is_bulk else {}

    def tick(self) -> int:
        """Return the next moment of this world."""
        self._ticks += 1
        return self._ticks

    def _leap(self, seconds: float) -> None:
        for name in self._offsets:
            self._offsets[name] += seconds + (self.chance.uniform(-DRIFT, DRIFT) if seconds else 0)
            self.systems.clients[name].clock(self._offsets[name])

    def _round(self, number: int) -> None:
        """People act, time passes, and a run goes wrong in some way until it comes through or is given up."""
        self.people.act(number, "before", 0.4)
        self._leap(self.chance.choice(LEAPS))
        if self.chance.random() < FAULTY_SHARE:
            self._note("faults", self.trouble.arm(self.chance, self.chance.choice((1, 2, 3, 4))))
        due = min(self.kills * (number + 1) // ROUNDS, self.kills)
        self.plans.decide(number, due - self.score.done["kills"])
        kills = due - self.score.done["kills"]
        incident = self.incidents[number] if number < len(self.incidents) else self.chance.choice(INCIDENTS)
        times = self.runs.carry_out(number, kills, incident, self.chance.choice(PATIENCE))
        self.trouble.clear()
        if times:
            mark_synced(self._engine, self.people, *times)

    def _end(self) -> list[Finding]:
        """Everything is well again: two quiet runs, then one that must have nothing to do; then the verdict."""
        findings = []
        self.runs.place = replace(self.runs.place, total_seconds=CALM_SECONDS, read_seconds=CALM_SECONDS)
        self.systems.clients["salesforce"].switches(bulk_unprocessed=0)
        quiet = 0
        self.plans.carry_out_all()
        for _ in range(QUIET_TRIES):
            self._leap(max(LEAPS))  # nobody has acted just now, and no job of a killed task waits any more
            with self._engine.begin() as connection:
                connection.execute(text("update sync.rejection set retry_at = now()"))
            ending = self.runs.work(QUICK, self.runs.next())
            if not ending.is_good:
                findings.append(Finding(UNEXPECTED, "", f"a quiet run ended with {ending.error}"))
            quiet = 0 if self.plans.carry_out_all() else quiet + 1
            if quiet == QUIET:
                break
        self._leap(max(LEAPS))
        before = self._writes()
        ending = self.runs.work(QUICK, self.runs.next())
        if self._writes() != before or set(ending.done) != {"extract"}:
            findings.append(Finding(ECHO, "", f"{self._writes() - before} writes, {ending.done}"))
        findings += [Finding(UNEXPECTED, "", trace) for trace in self.runs.crashes]
        evidence = gather(self._engine, self.people, self.runs.begun, self.prefer, self._folder)
        self.score.done["told"] += len(evidence.told)
        return findings + [each for thing in self.people.things() for each in judge(thing, evidence)]

    def _writes(self) -> int:
        return sum(int(client.calls()["write"]) for client in self.systems.clients.values())

    def _count(self, findings: Sequence[Finding]) -> None:
        done = self.score.done
        done["worlds"] += 1
        done["histories"] += self.size
        done["asked"] += self.kills
        done["steps"] += sum(len(thing.steps) for thing in self.people.things())
        for client in self.systems.clients.values():
            done["jobs"] += sum(count for label, count in client.calls()["by"].items() if label.startswith("POST /jobs/ingest"))
            done["calls"] += sum(int(client.calls()[kind]) for kind in ("read", "write", "auth", "other"))
        self.score.faults.update(self.trouble.struck)
        done["faults"] += self.trouble.struck.total()
        self.score.broken.update(each.sort for each in findings)

    def _note(self, what: str, told: Any) -> None:
        self.log.append([self._ticks, what, told])

    def _log_path(self) -> Path:
        self.keep.mkdir(parents=True, exist_ok=True)
        path = self.keep / f"{self.seed}.log"
        path.unlink(missing_ok=True)
        return path

    def _keep(self, history: History, findings: Sequence[Finding]) -> None:
        """Keep what happened to a history that something was found in; what concerns no record is kept with the first one."""
        tokens = {thing.token for thing in history.things}
        mine = [each for each in findings if each.token in tokens or (not each.token and history.number == 0)]
        if mine:
            told = {"seed": self.seed, "prefer": self.prefer, "findings": [vars(each) for each in mine], "steps": history.steps()}
            told |= {"state": story(self._engine, self.people, tokens), "world": self.log}
            (self.keep / f"{self.seed}-{history.number}.json").write_text(json.dumps(told, indent=1, default=str))
