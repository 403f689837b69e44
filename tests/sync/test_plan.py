"""The three-way merge and the plan, pure: examples for every policy, then properties over random histories."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.decisions import Action, Link, Pair, Policy, Seen
from sync.merge import MISSING, UNKNOWN, FieldPolicy, Outcome, Values, resolve
from sync.plan import decide, plan

FIELDS = ("name", "email", "note")


def settle(policy: FieldPolicy, salesforce: Any, app: Any, base: Any = MISSING, **how: Any) -> Outcome:
    options = {"master": "merge", "prefer": "salesforce", "newer": None, **how}
    values = Values(salesforce, app, base, how.pop("app_base", base))
    return resolve(policy, options["master"], options["prefer"], values, options["newer"])


def test_only_the_side_that_moved_counts() -> None:
    text = FieldPolicy("name")
    assert settle(text, "new", "old", "old") == Outcome("new", "new", "changed in salesforce")
    assert settle(text, "old", "new", "old") == Outcome("new", "new", "changed in app")
    assert settle(text, "same", "same", "old") == Outcome("same", "same")


def test_a_true_conflict_goes_to_the_preferred_side_and_names_the_loser() -> None:
    text = FieldPolicy("name")
    assert settle(text, "s", "a", "b") == Outcome("s", "s", "both changed: salesforce", "salesforce")
    assert settle(text, "s", "a", "b", prefer="app") == Outcome("a", "a", "both changed: app", "app")


@pytest.mark.parametrize(
    ("rule", "salesforce", "app", "expected"),
    [
        ("app", "s", "a", ("a", "a")),
        ("salesforce", "s", "a", ("s", "s")),
        ("newest", "s", "a", ("a", "a")),
        ("non_empty", None, "a", ("a", "a")),
        ("ask", "s", "a", ("s", "a")),
        ("union", ["x", "y"], ["x", "z"], (["x", "y", "z"], ["x", "y", "z"])),
        ("ratchet", False, True, (True, True)),
        ("ratchet", True, False, (True, True)),
    ],
)
def test_conflict_policies(rule: str, salesforce: Any, app: Any, expected: tuple[Any, Any]) -> None:
    outcome = settle(FieldPolicy("name", on_conflict=rule), salesforce, app, MISSING if rule == "ratchet" else ["x"], newer="app")
    assert (outcome.salesforce, outcome.app) == expected


@pytest.mark.feature("ALL-26")
@pytest.mark.parametrize(
    "policy",
    [
        FieldPolicy("opted_out", to_app=False, on_conflict="ratchet"),
        FieldPolicy("opted_out", to_salesforce=False, on_conflict="ratchet"),
        FieldPolicy("opted_out", overwrite="if_empty", on_conflict="ratchet"),
        FieldPolicy("opted_out", overwrite="never", on_conflict="ratchet"),
    ],
)
@pytest.mark.parametrize("base", [MISSING, True, False])
@pytest.mark.parametrize("master", ["merge", "salesforce", "app"])
def test_no_direction_and_no_master_takes_an_opt_out_back(policy: FieldPolicy, base: Any, master: str) -> None:
    for salesforce, app in ((True, False), (False, True), (True, None), (None, True)):
        outcome = resolve(policy, master, "salesforce", Values(salesforce, app, base, base), None)
        assert bool(outcome.salesforce) >= bool(salesforce)
        assert bool(outcome.app) >= bool(app)


@pytest.mark.feature("ALL-26")
def test_an_opt_out_travels_past_if_empty() -> None:
    out = FieldPolicy("opted_out", overwrite="if_empty", on_conflict="ratchet")
    assert settle(out, True, False, False) == Outcome(True, True, "ratchet")
    assert settle(out, False, None) == Outcome(False, False, "ratchet")


def test_union_lets_removals_travel() -> None:
    tags = FieldPolicy("tags", on_conflict="union")
    assert settle(tags, ["x"], ["x", "y", "z"], ["x", "y"]) == Outcome(["x", "z"], ["x", "z"], "union")


def test_a_first_link_sends_no_nulls_later_ones_overwrite() -> None:
    text = FieldPolicy("name")
    assert settle(text, None, "a").salesforce == "a"
    assert settle(text, None, "a", "a").app is None
    assert settle(FieldPolicy("name", on_empty="skip"), None, "a", "a") == Outcome(None, "a", "empty is not sent")
    assert settle(FieldPolicy("name", on_empty="default", default="n/a"), None, "a", "a").app == "n/a"


def test_if_empty_fills_and_never_replaces() -> None:
    phone = FieldPolicy("phone", overwrite="if_empty")
    assert settle(phone, "new", "old", "old").app == "old"
    assert settle(phone, "new", None).app == "new"
    assert settle(phone, "new", None, "old").app == "new"
    assert settle(phone, None, "a", "s", app_base="a").salesforce == "a"


@pytest.mark.feature("FD-12")
def test_if_empty_lets_the_removal_of_an_agreed_value_travel() -> None:
    phone = FieldPolicy("phone", overwrite="if_empty")
    assert settle(phone, None, "old", "old") == Outcome(None, None, "emptied in salesforce")
    assert settle(phone, "old", None, "old") == Outcome(None, None, "emptied in app")
    assert settle(phone, "old", None, "old", master="salesforce").app == "old"
    kept = replace(phone, on_empty="salesforce")
    assert settle(kept, None, "old", "old").app == "old"
    assert settle(kept, None, "old", None, app_base="old") == Outcome(None, "old", "not overwritten: not empty")
    assert settle(kept, None, "new", None, app_base="old").salesforce == "new"
    assert settle(kept, "old", None, "old").salesforce is None


def test_one_way_fields_leave_the_other_side_alone_until_the_source_moves() -> None:
    one_way = FieldPolicy("name", to_salesforce=False)
    assert settle(one_way, "old", "local", "old") == Outcome("old", "local", "one way from salesforce")
    assert settle(one_way, "new", "local", "old").app == "new"


@pytest.mark.feature("FD-03")
def test_a_master_puts_back_what_the_other_side_changed() -> None:
    outcome = settle(FieldPolicy("name"), "s", "a", "s", master="salesforce")
    assert (outcome.salesforce, outcome.app, outcome.decision) == ("s", "s", "salesforce")


def pair(salesforce: dict[str, Any] | None, app: dict[str, Any] | None, base: dict[str, Any] | None = None) -> Pair:
    state = "pending" if base is None else "live"
    link = Link(1, "s1", "a1", base or {}, {}, state)
    return Pair(link, salesforce and Seen("s1", salesforce, "ds"), app and Seen("a1", app, "da"))


POLICY = Policy(tuple(FieldPolicy(name) for name in FIELDS), salesforce_reference="REF__c", app_references=("ref",))


def test_edits_of_different_fields_both_survive() -> None:
    base = {"name": "n", "email": "e", "note": "x"}
    actions = decide(pair(base | {"name": "N"}, base | {"email": "E"}, base), POLICY).actions
    assert {a.side: a.fields for a in actions} == {"app": {"name": ("n", "N")}, "salesforce": {"email": ("e", "E")}}


def test_a_new_record_is_created_with_its_cross_reference_and_the_answer_is_written_back() -> None:
    decision = decide(Pair(Link(1, "s1"), Seen("s1", {"name": "n"}, "ds")), POLICY)
    assert [(a.side, a.operation, a.extra) for a in decision.actions] == [
        ("app", "create", {"ref": {"id_of": "salesforce"}}),
        ("salesforce", "update", {"REF__c": {"id_of": "app"}}),
    ]


def test_deletions_follow_their_policy_and_never_come_back() -> None:
    gone = Pair(Link(1, "s1", "a1", {"name": "n"}, state="live"), Seen("s1", {}, "", is_deleted=True))
    assert [a.operation for a in decide(gone, replace(POLICY, deletes={"to_app": "delete"})).actions] == ["delete"]
    ignored = decide(gone, POLICY).actions[0]
    assert (ignored.operation, ignored.settles["state"]) == ("agree", "tombstone")
    tombstone = Link(1, "s1", "a1", {"name": "n"}, state="tombstone", gone=frozenset({"salesforce"}))
    orphan = decide(Pair(tombstone, None, Seen("a1", {"name": "edited"})), POLICY)
    assert ([a.operation for a in orphan.actions], orphan.orphan) == (["agree"], "app")


@pytest.mark.parametrize("policy", ["ignore", "flag"])
def test_a_deletion_that_was_taken_back_revives_the_link(policy: str) -> None:
    tombstone = Link(1, "s1", "a1", {"name": "n"}, state="tombstone", gone=frozenset({"salesforce"}))
    rules = replace(POLICY, deletes={"to_app": policy}, flag_fields={"to_app": "gone"})
    actions = decide(Pair(tombstone, Seen("s1", {"name": "N"}, reference="a1")), rules).actions
    assert (actions[0].side, actions[0].fields, actions[0].settles["state"]) == ("app", {"name": ("n", "N")}, "live")
    assert [a.extra for a in actions[1:]] == ([{"gone": False}] if policy == "flag" else [])


def test_a_reference_emptied_by_a_deletion_is_no_edit() -> None:
    base = {"name": "n", "email": UNKNOWN, "note": None}
    emptied = {"name": "n", "email": None, "note": None}
    assert [a.fields for a in decide(pair(None, emptied, base), POLICY).actions if a.fields] == []
    moved = decide(pair({**emptied, "email": UNKNOWN}, {**emptied, "email": 7}, base), POLICY)
    assert [(a.side, a.fields) for a in moved.actions if a.fields] == [("salesforce", {"email": (None, 7)})]
    assert moved.waiting == ["email"]


def test_an_unknown_reference_waits_and_holds_nothing_else_back() -> None:
    decision = decide(
        pair({"name": "N", "email": UNKNOWN, "note": None}, None, {"name": "n", "email": None, "note": None}), POLICY
    )
    assert decision.waiting == ["email"]
    assert decision.actions[0].fields == {"name": ("n", "N")}


values = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))
records = st.fixed_dictionaries(dict.fromkeys(FIELDS, values))
conflict_rules = st.sampled_from(["", "salesforce", "app", "newest", "non_empty"])
field_policies = st.builds(
    FieldPolicy,
    name=st.just("x"),
    on_conflict=conflict_rules,
    on_empty=st.sampled_from(["clear", "skip", "salesforce", "app"]),
    overwrite=st.sampled_from(["always", "if_empty", "never"]),
    to_app=st.booleans(),
    to_salesforce=st.booleans(),
)
policies = st.builds(
    lambda fields, master, prefer: Policy(
        tuple(replace(policy, name=name) for name, policy in zip(FIELDS, fields, strict=True)), master=master, prefer=prefer
    ),
    st.lists(field_policies, min_size=3, max_size=3),
    st.sampled_from(["merge", "salesforce", "app"]),
    st.sampled_from(["salesforce", "app"]),
)


@dataclass
class World:
    """Two systems and the link between them, carried along by the plan's own actions."""

    salesforce: dict[str, Any]
    app: dict[str, Any]
    base: dict[str, dict[str, Any]] = field(default_factory=lambda: {"salesforce": {}, "app": {}})
    state: str = "pending"

    def link(self) -> Link:
        salesforce, app = self.base["salesforce"], self.base["app"]
        return Link(1, "s1", "a1", salesforce, {k: v for k, v in app.items() if salesforce.get(k, MISSING) != v}, self.state)

    def run(self, policy: Policy) -> list[Action]:
        seen = Pair(self.link(), Seen("s1", dict(self.salesforce)), Seen("a1", dict(self.app)))
        actions = next(plan([seen], policy)).actions
        for action in actions:
            target = self.app if action.side == "app" else self.salesforce
            assert all(target[name] == old for name, (old, _) in action.fields.items())
            target |= {name: new for name, (_, new) in action.fields.items()}
            for side in ("salesforce", "app"):
                self.base[side] |= action.settles.get("both", {}) | action.settles.get(side, {})
        self.state = "live"
        return [action for action in actions if action.operation != "agree"]


@given(records, records, st.lists(st.tuples(records, records), max_size=4), policies)
def test_after_any_history_a_second_run_writes_nothing(
    salesforce: dict[str, Any], app: dict[str, Any], edits: list[tuple[dict[str, Any], dict[str, Any]]], policy: Policy
) -> None:
    world = World(salesforce, app)
    world.run(policy)
    for salesforce_edit, app_edit in edits:
        world.salesforce |= salesforce_edit
        world.app |= app_edit
        world.run(policy)
        assert world.run(policy) == []


@given(records, records, records, records)
def test_under_plain_merge_both_sides_agree_after_one_run(
    salesforce: dict[str, Any], app: dict[str, Any], salesforce_edit: dict[str, Any], app_edit: dict[str, Any]
) -> None:
    world = World(salesforce, app)
    world.run(POLICY)
    assert world.salesforce == world.app
    before = dict(world.salesforce)
    world.salesforce |= salesforce_edit
    world.app |= app_edit
    world.run(POLICY)
    assert world.salesforce == world.app
    for name in FIELDS:
        if app_edit[name] == before[name]:
            assert world.app[name] == salesforce_edit[name], "an edit of one side alone survives"
        if salesforce_edit[name] == before[name]:
            assert world.app[name] == app_edit[name], "an edit of one side alone survives"


SWAPPED = {"salesforce": "app", "app": "salesforce", "merge": "merge"}


def swapped(policy: Policy) -> Policy:
    fields = tuple(
        replace(
            f,
            to_app=f.to_salesforce,
            to_salesforce=f.to_app,
            on_conflict=SWAPPED.get(f.on_conflict, f.on_conflict),
            on_empty=SWAPPED.get(f.on_empty, f.on_empty),
        )
        for f in policy.fields
    )
    return replace(policy, fields=fields, master=SWAPPED[policy.master], prefer=SWAPPED[policy.prefer])  # type: ignore[arg-type]


@given(records, records, records, policies)
def test_swapping_the_sides_mirrors_the_actions(
    salesforce: dict[str, Any], app: dict[str, Any], base: dict[str, Any], policy: Policy
) -> None:
    straight = decide(pair(salesforce, app, base), policy)
    mirrored = decide(pair(app, salesforce, base), swapped(policy))
    one = {(a.side, name): values for a in straight.actions for name, values in a.fields.items()}
    other = {(SWAPPED[a.side], name): values for a in mirrored.actions for name, values in a.fields.items()}
    assert one == other
    assert {c.field for c in straight.conflicts} == {c.field for c in mirrored.conflicts}


@given(records, records, policies)
def test_no_write_repeats_what_is_there(salesforce: dict[str, Any], app: dict[str, Any], policy: Policy) -> None:
    for action in decide(pair(salesforce, app), policy).actions:
        assert all(old != new for old, new in action.fields.values())


def test_a_record_waits_for_a_reference_without_which_it_must_not_be_made() -> None:
    contact = FieldPolicy("contact", required=frozenset({"app"}))
    pair = Pair(Link(None, salesforce_id="s"), salesforce=Seen("s", {"contact": UNKNOWN}))
    held = decide(pair, Policy((contact,)))
    assert (held.actions, held.waiting) == ([], ["contact"])
    [create, *_] = decide(pair, Policy((replace(contact, required=frozenset()),))).actions
    assert (create.operation, create.fields) == ("create", {})
