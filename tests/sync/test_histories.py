"""Random small histories of two systems, with lost answers, refusals and runs broken off: quiet runs always bring them together."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from connectors.contract import Field
from connectors.errors import TransientError
from connectors.memory import MemoryConnector
from pipeline import QUICK, Pipeline, empty

SIDES = ("salesforce", "app")
SWAPPED = {"salesforce": "app", "app": "salesforce"}
FIELDS = ("name", "email", "title", "note")
SETTINGS = """
app: mirror
history: all
overlap_minutes: 1
on_rejected: succeed
guard: {{first_run: go}}
prefer: {prefer}
entities:
  contact:
    reference: {{salesforce: ref, app: [ref]}}
    match: [email]
    unique: [email]
    deletes: {{to_app: delete, to_salesforce: delete}}
"""
MAPPING = "salesforce_field,app_field\n" + "".join(f"{name},{name}\n" for name in FIELDS)
Step = tuple[Any, ...]

sides = st.sampled_from(SIDES)
values = st.sampled_from([None, "a", "b", "refused"])
steps = st.one_of(
    st.tuples(st.just("put"), sides, st.integers(0, 2), values),
    st.tuples(st.just("edit"), sides, st.integers(0, 3), st.sampled_from(["title", "note"]), values),
    st.tuples(st.just("remove"), sides, st.integers(0, 3)),
    st.tuples(st.just("fault"), sides, st.sampled_from(["lost", "cut"]), st.integers(1, 3)),
    st.tuples(st.just("run"), st.sampled_from(QUICK), st.sampled_from([None, 0, 1, 2])),
)


@dataclass
class Mirror:
    """Two systems that differ in nothing but who is preferred; `swaps` plays a history with the sides changed over."""

    pipeline: Pipeline
    swaps: bool

    def system(self, side: str) -> MemoryConnector:
        connector = self.pipeline.connectors[SWAPPED[side] if self.swaps else side]  # type: ignore[index]
        assert isinstance(connector, MemoryConnector)
        return connector

    def play(self, step: Step) -> None:
        match step:
            case ("put", side, person, title):
                self.system(side).put(
                    "contact", name=f"person {person}", email=f"{person}@x.example", title=title, note=None, ref=None
                )
            case ("edit", side, number, name, value):
                if ids := sorted(self.system(side).live("contact")):
                    self.system(side).edit("contact", ids[number % len(ids)], **{name: value})
            case ("remove", side, number):
                if ids := sorted(self.system(side).live("contact")):
                    self.system(side).remove("contact", ids[number % len(ids)])
            case ("fault", side, kind, number):
                getattr(self.system(side).faults, kind).add(self.system(side).writes_seen + number)
            case ("run", last, stop_after):
                self.run(QUICK[: QUICK.index(last) + 1], stop_after)

    def run(self, stages: tuple[str, ...] = QUICK, stop_after: int | None = None) -> None:
        for side in SIDES:
            system = self.system(side)
            system.faults.refused = {"refused": "invalid_value"}
            system.faults.stop_after = None if stop_after is None else system.writes_seen + stop_after
        with suppress(TransientError):
            self.pipeline.run(stages=stages)

    def end(self) -> None:
        """Everything refused is mended, nothing fails any more: two runs, then one that must have nothing to write."""
        for side in SIDES:
            for record_id, raw in self.system(side).live("contact").items():
                if "refused" in raw.values():
                    mended = {name: "mended" for name, value in raw.items() if value == "refused"}
                    self.system(side).edit("contact", record_id, **mended)
            faults = self.system(side).faults
            faults.lost, faults.cut, faults.stop_after, faults.refused = set(), set(), None, {}
        for _ in range(2):
            with self.pipeline.engine.begin() as connection:
                connection.execute(text("update sync.rejection set retry_at = now()"))
            self.pipeline.run()

    def writes(self) -> int:
        return sum(self.system(side).calls["write"] for side in SIDES)

    def people(self, side: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(str(raw.get(name)) for name in FIELDS) for raw in self.system(side).live("contact").values())

    def assert_explained(self) -> None:
        """Every live record is linked with one that holds the same, or an open rejection or a dead link says why not."""
        links = self.pipeline.rows("select salesforce_id, app_id, state from sync.link")
        told = {row.record_id for row in self.pipeline.rows("select record_id from sync.rejection where closed_at is null")}
        told |= {record_id for row in links if row.state == "tombstone" for record_id in row[:2]}
        salesforce, app = (self.pipeline.connectors[side].live("contact") for side in SIDES)  # type: ignore[index, attr-defined]
        pairs = {(row.salesforce_id, row.app_id) for row in links if row.state == "live"}
        for salesforce_id, app_id in pairs:
            assert [salesforce[salesforce_id].get(name) for name in FIELDS] == [app[app_id].get(name) for name in FIELDS]
            assert (salesforce[salesforce_id]["ref"], app[app_id]["ref"]) == (app_id, salesforce_id)
        assert {*salesforce, *app} <= {record_id for pair in pairs for record_id in pair} | told


@contextmanager
def mirror(engine: Engine, prefer: str, swaps: bool) -> Iterator[Mirror]:
    empty(engine)
    fields = {"contact": [Field(name, name, "text", 255) for name in (*FIELDS, "ref")]}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "settings.yaml").write_text(SETTINGS.format(prefer=prefer))
        (Path(folder) / "contact.csv").write_text(MAPPING)
        pair = {side: MemoryConnector(side, fields=fields) for side in SIDES}
        yield Mirror(Pipeline(engine, Path(folder), pair, stages=QUICK), swaps)  # type: ignore[arg-type]


@pytest.mark.feature("ALL-19", "ALL-29", "ALL-03")
@settings(max_examples=15)
@given(history=st.lists(steps, min_size=4, max_size=14))
def test_after_any_history_two_quiet_runs_bring_both_sides_together(migrated: Engine, history: list[Step]) -> None:
    ends = []
    for prefer, swaps in (("salesforce", False), ("app", True)):
        with mirror(migrated, prefer, swaps) as world:
            for step in history:
                world.play(step)
            world.end()
            world.assert_explained()
            before = world.writes()
            world.pipeline.run()
            assert world.writes() == before, "a third run writes nothing"
            ends.append([world.people(side) for side in SIDES])
    assert ends[0] == ends[1], "with the sides changed over, everything ends the same the other way round"
