"""People: what they do to the records of both systems, step by step, as in the systems' own pages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any

from sandbox.client import SandboxClient
from tools.lab.histories import History, Snapshot, Step, Thing, things_of
from tools.lab.kinds import BELONGS, RATCHET, SIDES, TO_APP, App, Field, Kind, Row


class People:
    """All people of one world: they take their steps through the admin routes, as in the systems' own pages."""

    def __init__(self, app: App, seed: str, count: int, clients: Mapping[str, SandboxClient], tick: Callable[[], int]) -> None:
        self.app = app
        self.clients = {"salesforce": clients["salesforce"], "app": clients[app.name]}
        self.tick = tick
        self.histories = [History(number, seed, list(things_of(app, number))) for number in range(count)]
        self._invented = 0

    def look(self) -> Snapshot:
        """Read all live records; remember since when each thing is seen."""
        found: dict[tuple[str, str], dict[str, list[Row]]] = {}
        for kind in self.app.kinds:
            for side in SIDES:
                by_token = found.setdefault((kind.entity, side), {})
                for row in self._records(kind, side):
                    by_token.setdefault(kind.token(side, row), []).append(row)
        for thing in self.things():
            for side in SIDES:
                if side not in thing.seen and thing.token in found[thing.kind.entity, side]:
                    thing.seen[side] = self.tick()
        return found

    def things(self) -> Iterator[Thing]:
        """Yield the things of all histories."""
        for history in self.histories:
            yield from history.things

    def act(self, round_: int, phase: str, share: float) -> int:
        """Let a share of the people take a step or two; return how many steps were taken."""
        before = sum(len(thing.steps) for thing in self.things())
        snapshot = self.look()
        for history in self.histories:
            chance = history.chance(round_, phase)
            if chance.random() < share:
                for _ in range(chance.choice((1, 1, 2, 3))):
                    self._step(history, chance, snapshot)
        return sum(len(thing.steps) for thing in self.things()) - before

    def _step(self, history: History, chance: Random, snapshot: Snapshot) -> None:
        person, *others = history.things
        thing = chance.choice([person, person, person, *others])
        if not thing.steps:
            self._make(thing, chance)
            return
        [verb] = chance.choices(tuple(self.app.verbs), tuple(self.app.verbs.values()))
        side = chance.choice(SIDES)
        if verb in ("delete", "restore", "merge") and not thing.kind.may_go:
            verb = "edit"
        with suppress(ValueError, KeyError):  # the record is gone meanwhile
            getattr(self, f"_{verb}")(history, thing, side, chance, snapshot)

    def _make(self, thing: Thing, chance: Random) -> None:
        sides = chance.choice((("salesforce",), ("app",), SIDES))
        for side in sides:
            tables = thing.kind.tables(side)
            table = chance.choice(tables) if len(tables) > 1 else tables[0]
            fields = self._birth(thing, side, table, chance)
            if side != sides[0] and thing.token in self._tokens(thing.kind, side):
                return  # the engine was quicker
            self.clients[side].insert(table, [fields])
            thing.seen[side] = self._note(thing, "make", side, value=table)
            for each in thing.kind.fields:
                if (value := each.value(side, fields)) is not None:
                    self._note(thing, "edit", side, each.name, value)

    def _birth(self, thing: Thing, side: str, table: str, chance: Random) -> dict[str, Any]:
        """The fields of a new record: the name, what it is matched by, and some others."""
        fields: dict[str, Any] = _born(self.app, thing, table)
        for each in thing.kind.fields:
            often = 0.1 if each.way == RATCHET else 0.5
            is_wanted = (each.way != RATCHET and not each.may_be_empty) or chance.random() < often
            if is_wanted and side in each.typed_on and (side == "salesforce" or each.way != TO_APP):
                fields |= each.raw(side, self._invent(each), fields)
        return fields

    def _edit(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        fields = [each for each in thing.kind.fields if side in each.typed_on]
        for row in self._rows(thing, side, snapshot)[:1]:
            for each in chance.sample(fields, min(chance.choice((1, 1, 2)), len(fields))):
                self._set(thing, side, row, each, self._invent(each))

    def _clear(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        """Empty a field that holds something: to empty what is empty is no edit."""
        each = chance.choice([each for each in thing.kind.fields if each.may_be_empty])
        for row in self._rows(thing, side, snapshot)[:1]:
            if each.value(side, row) is not None:
                self._set(thing, side, row, each, None)

    def _clash(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        """Change one field on both sides."""
        each = chance.choice(thing.kind.fields)
        for place in each.typed_on:
            for row in self._rows(thing, place, snapshot)[:1]:
                self._set(thing, place, row, each, self._invent(each))

    def _delete(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        for row in self._rows(thing, side, snapshot)[:1]:
            self.clients[side].delete(thing.kind.table(side, row), thing.kind.id_of(side, row))
            self._note(thing, "delete", side)

    def _restore(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        """Bring a deleted record back, if there is one."""
        if not thing.done("delete", side=side) or thing.done("lose", "merge") or self._rows(thing, side, snapshot):
            return
        kind = thing.kind
        gone = [row for row in self._records(kind, side, with_deleted=True) if kind.token(side, row) == thing.token]
        if side == "salesforce" and not all(row.get("IsDeleted") for row in gone):
            return  # made anew meanwhile
        if gone and side == "salesforce":
            self.clients[side].action("undelete", kind=kind.table(side, gone[-1]), id=kind.id_of(side, gone[-1]))
        elif gone:
            self.clients[side].action("restore", id=gone[-1][kind.id_there])
        if gone:
            self._note(thing, "restore", side)

    def _merge(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        """Merge the history's second person into the first; both must be there, and never have gone."""
        first, *others = [each for each in history.things if each.kind == thing.kind]
        if not others or any(each.done("delete", "lose", "merge") for each in (first, *others)):
            return
        if self.app.merges_known and not (side == "salesforce" and all(map(_is_known, (first, others[0])))):
            return
        kept, lost = (self._rows(each, side, snapshot)[:1] for each in (first, others[0]))
        if len(others[0].seen) == len(SIDES) and not _is_known(first):
            return  # the one that is linked would lend the other one its name, and its place in the app
        if kept and lost and first.kind.table(side, kept[0]) == first.kind.table(side, lost[0]):
            self._unite(first, side, kept[0], lost[0])
            self._note(first, "merge", side)
            self._note(others[0], "lose", side)

    def _unite(self, thing: Thing, side: str, kept: Row, lost: Row) -> None:
        kind, client = thing.kind, self.clients[side]
        if side == "salesforce":
            client.action("merge", kind=kind.table(side, kept), winner=kept["Id"], losers=[lost["Id"]])
            return
        fresh = {row["id"]: row for row in client.records(kind.there)}
        kept, lost = fresh[kept["id"]], fresh[lost["id"]]
        chosen = {name: kept.get(name) or lost.get(name) for name in ("phone", "mobile", "unique_external_id")}
        client.action(
            "merge", primary=kept["id"], secondaries=[lost["id"]], **{name: value for name, value in chosen.items() if value}
        )
        for each in kind.fields:
            held = each.value(side, kept) or each.value(side, chosen)
            if held != each.value(side, kept):
                self._note(thing, "edit", side, each.name, held)

    def _belong(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        """Tie the person to the company, or untie them."""
        account = history.things[-1]
        if account.kind == thing.kind or not account.steps:
            return
        rows, accounts = self._rows(thing, side, snapshot)[:1], self._rows(account, side, snapshot)[:1]
        if rows and accounts:
            is_tied = chance.random() < 0.8
            key = accounts[0][account.kind.id_name(side)] if is_tied else None
            self.clients[side].edit(
                thing.kind.table(side, rows[0]), thing.kind.id_of(side, rows[0]), {thing.kind.belongs[side]: key}
            )
            self._note(thing, "edit", side, BELONGS, account.token if is_tied else None)

    def _convert(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        """Convert a lead: into a contact of its own, now and then into that of the history's other person."""
        kind = thing.kind
        rows = [row for row in self._rows(thing, "salesforce", snapshot) if kind.table("salesforce", row) == "Lead"][:1]
        for row in rows:
            heir = self._heir(history, thing, snapshot) if chance.random() < 0.2 else None
            into = {"contact": heir[1]["Id"], "account": None} if heir else {}
            self.clients["salesforce"].action("convert_lead", lead=row["Id"], **into)
            self._note(thing, "lose" if heir else "convert", "salesforce")
            if heir:
                self._note(heir[0], "merge", "salesforce")

    def _heir(self, history: History, thing: Thing, snapshot: Snapshot) -> tuple[Thing, Row] | None:
        """The other person with their contact, where both sides have known both people, and neither has ever gone."""
        for other in history.things:
            if other.kind == thing.kind and other is not thing:
                rows = [row for row in self._rows(other, "salesforce", snapshot) if "Company" not in row]
                is_calm = not any(each.done("delete", "lose", "merge") or not _is_known(each) for each in (thing, other))
                return (other, rows[0]) if rows and is_calm else None
        return None

    def _untag(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        """Take the tags off in the app by which a person would come back to Salesforce."""
        for row in self._rows(thing, "app", snapshot)[:1]:
            for tag in (tag for tag in row["tags"] if tag.startswith("added-to-salesforce")):
                self.clients["app"].action("untag", contact=row["id"], tag=tag)
                self._note(thing, "untag", "app", value=tag)

    def _touch(self, history: History, thing: Thing, side: str, chance: Random, snapshot: Snapshot) -> None:
        """Move the stamp of the record alone."""
        for row in self._rows(thing, side, snapshot)[:1]:
            self.clients[side].edit(thing.kind.table(side, row), thing.kind.id_of(side, row), {})
            self._note(thing, "touch", side)

    def _rows(self, thing: Thing, side: str, snapshot: Snapshot) -> list[Row]:
        """The thing's live records as seen at the begin of the phase, without those that went since."""
        rows: Sequence[Row] = snapshot[thing.kind.entity, side].get(thing.token, [])
        went = thing.done("delete", "lose", side=side)
        came = thing.done("make", "restore", side=side)
        if went and went[-1].tick > (came[-1].tick if came else 0):
            return []
        return [row for row in rows if not (thing.done("convert") and side == "salesforce" and "Company" in row)]

    def _records(self, kind: Kind, side: str, with_deleted: bool = False) -> Iterator[Row]:
        """The live records of a kind, or also those that are deleted."""
        for table in kind.tables(side):
            yield from filter(kind.is_live, self.clients[side].records(table, with_deleted))

    def _tokens(self, kind: Kind, side: str) -> set[str]:
        return {kind.token(side, row) for row in self._records(kind, side)}

    def _set(self, thing: Thing, side: str, row: Row, each: Field, value: Any) -> None:
        raw = each.raw(side, value, row)
        self.clients[side].edit(thing.kind.table(side, row), thing.kind.id_of(side, row), raw)
        if each.value(side, row) == each.value(side, {**row, **raw}):
            return  # to type what stands there is no edit
        self._note(thing, "edit", side, each.name, each.value(side, {**row, **raw}))

    def _invent(self, each: Field) -> Any:
        self._invented += 1
        return each.invent(self._invented)

    def _note(self, thing: Thing, verb: str, side: str, name: str = "", value: Any = None) -> int:
        step = Step(self.tick(), thing.token, verb, side, name, value)
        thing.steps.append(step)
        return step.tick


def _is_known(thing: Thing) -> bool:
    """Tell whether a whole run has seen the records of both sides."""
    return len(thing.seen) == len(SIDES) and any(begin > max(thing.seen.values()) for begin, _ in thing.syncs)


def _born(app: App, thing: Thing, table: str) -> dict[str, Any]:
    """What a new record always has: its name, and for people the address that both sides are matched by."""
    words = {"token": thing.token, "address": f"{thing.token.lower()}@nordwerk.example"}
    return {name: value.format(**words) if isinstance(value, str) else value for name, value in app.births[table].items()}
