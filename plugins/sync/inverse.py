"""Inverse: from a write that was done to the one that takes it back, as far as what was written still stands. Pure.

What people have done since is theirs: a value that is another one by now stays, and is listed with the reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.decisions import OTHER, Action, Fields, Link
from sync.merge import Side, is_empty

EDITED = "was changed since"
GONE = "the record is gone by now"


@dataclass(frozen=True, slots=True)
class Done:
    """A write that was done. References are links in `fields`, raw ids in what was `sent` and in what the record showed afterwards."""

    link: Link
    side: Side
    operation: str
    fields: Mapping[str, Sequence[Any]]  # common field → (old, new)
    extra: Fields = field(default_factory=dict)
    rule: str = ""
    sent: Fields = field(default_factory=dict)
    shown: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Present:
    """The written record as it is now, references as raw ids; `fields` None: it is not there. `is_settled`: no edit waits in it."""

    fields: Fields | None
    is_settled: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be taken back on one side of one entity: by its mapping, its policy and what the system's API can do."""

    fields: frozenset[str]  # mapped and written to that side
    ratchets: frozenset[str] = frozenset()  # consent, which only goes down
    references: frozenset[str] = frozenset()
    dead: frozenset[int] = frozenset()  # links without a record on that side
    can_delete: bool = True
    can_restore: bool = False  # its API brings deleted records back, as they were
    may_restore: bool = True
    on_create: Fields = field(default_factory=dict)  # raw fields sent along with a create
    refers: Mapping[Side, Fields] = field(default_factory=dict)  # raw cross-reference fields by side, bound when sent


@dataclass(frozen=True, slots=True)
class Left:
    """What is not taken back of a write, and why; no `fields`: the whole record."""

    link: Link
    side: Side
    operation: str
    why: str
    fields: tuple[str, ...] = ()


def invert(done: Done, present: Present, reach: Reach, rule: str) -> Iterator[Action | Left]:
    """Yield the writes that take `done` back, and what of it stays with the reason."""
    if done.link.state == "broken":
        yield _left(done, "its Salesforce record went up in another one")
    elif done.operation == "delete":
        yield from _restore(done, present, reach, rule)
    elif done.operation == "create":
        yield from _remove(done, present, reach, rule)
    elif done.fields or _is_flag(done):
        yield from _change_back(done, present, reach, rule)


def _left(done: Done, why: str, fields: Sequence[str] = ()) -> Left:
    return Left(done.link, done.side, done.operation, why, tuple(fields))


def _change_back(done: Done, present: Present, reach: Reach, rule: str) -> Iterator[Action | Left]:
    if present.fields is None:
        yield _left(done, GONE, tuple(done.fields))
        return
    kept = {name: why for name in done.fields if (why := _why_kept(name, done, present.fields, reach))}
    for why in sorted(set(kept.values())):
        yield _left(done, why, tuple(name for name in kept if kept[name] == why))
    back = {name: (new, old) for name, (old, new) in done.fields.items() if name not in kept}
    extra = {name: not value for name, value in done.extra.items()} if _is_flag(done) else {}
    if back or extra:
        settles: dict[str, Any] = {done.side: {name: old for name, (_, old) in back.items()}}
        settles |= {} if present.is_settled else {f"{done.side}_digest": ""}
        yield Action(done.link, done.side, "update", back, extra, settles, rule)


def _why_kept(name: str, done: Done, present: Fields, reach: Reach) -> str:
    """Say why a field stays as it is; blank where it can go back."""
    old = done.fields[name][0]
    if name not in reach.fields:
        return "is not written there any more"
    if name in reach.ratchets:
        return "consent only goes down"
    if not any(_same(present.get(name), value) for value in (done.shown.get(name), done.sent.get(name))):
        return EDITED
    return "referred to a record that is gone" if name in reach.references and old in reach.dead else ""


def _is_flag(done: Done) -> bool:
    """Tell whether the write ticked a check box in the place of a deletion."""
    return done.operation == "update" and not done.fields and done.rule.startswith("deleted in ")


def _remove(done: Done, present: Present, reach: Reach, rule: str) -> Iterator[Action | Left]:
    """Delete what was made. Its link becomes a tombstone: nothing is made again for the record that it was made for."""
    if present.fields is None:
        yield _left(done, GONE)
    elif not reach.can_delete:
        yield _left(done, "its API deletes nothing")
    elif edited := tuple(name for name, value in present.fields.items() if not _same(value, _made_with(name, done))):
        yield _left(done, EDITED, edited)
    else:
        other = OTHER[done.side]
        yield Action(done.link, done.side, "delete", settles={"state": "tombstone"}, rule=rule)
        if reach.refers.get(other) and done.link.id_on(other) and other not in done.link.gone:
            yield Action(done.link, other, "update", extra=dict.fromkeys(reach.refers[other]), rule=rule)


def _made_with(name: str, done: Done) -> Any:
    return done.shown[name] if name in done.shown else done.sent.get(name)


def _restore(done: Done, present: Present, reach: Reach, rule: str) -> Iterator[Action | Left]:
    """Bring a deleted record back. Where the API cannot, make it anew from what was last agreed on: a new id, mapped fields only."""
    link, side = done.link, done.side
    settled = link.base if side == "salesforce" else {**link.base, **link.app_base}
    values = {n: v for n, v in settled.items() if n in reach.fields and not is_empty(v)}
    values = {n: v for n, v in values.items() if n not in reach.references or v not in reach.dead}
    if present.fields is not None or link.state != "tombstone" or side not in link.gone:
        yield _left(done, "is there again")
    elif not reach.may_restore:
        yield _left(done, "nobody is put on a mailing list again")
    elif not values:
        yield _left(done, "nothing is known of it any more")
    else:
        is_alone = OTHER[side] in link.gone
        settles: dict[str, Any] = {side: values, "state": "tombstone" if is_alone else "live"}
        settles |= {"restores": link.id_on(side)} if reach.can_restore else {}
        extra = {**reach.on_create, **({} if is_alone else reach.refers.get(side, {}))}
        yield Action(link, side, "create", {name: (None, value) for name, value in values.items()}, extra, settles, rule)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (_is_blank(one) and _is_blank(other))


def _is_blank(value: Any) -> bool:
    return is_empty(value) or value is False
