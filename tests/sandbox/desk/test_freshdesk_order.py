"""The sorted lists stay what a fresh sort would give, whatever happens to the records."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.freshdesk.desk import Desk
from sandbox.freshdesk.order import BLOCKED, DELETED, LIVE
from sandbox.store import Store

RECORDS = st.fixed_dictionaries(
    {
        "id": st.integers(1, 6),
        "name": st.sampled_from(["a", "A", "b", "ß", "SS", "é", ""]),
        "updated_at": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]),
    },
    optional={"deleted": st.just(True), "blocked": st.just(True)},
)
CHANGES = st.lists(st.one_of(RECORDS, st.integers(1, 6)), max_size=30)


def listed(desk, state):
    return desk.page("contacts", state, 0, 100), desk.changed_since("contacts", state, "2026-01-02T00:00:00Z")


@given(CHANGES)
def test_lists_equal_a_fresh_sort(changes):
    desk = Desk(Store())
    for state in (LIVE, BLOCKED, DELETED):
        listed(desk, state)
    for change in changes:
        if isinstance(change, int):
            desk.remove("contacts", change)
        else:
            desk.put("contacts", change)
    for state in (LIVE, BLOCKED, DELETED):
        assert listed(desk, state) == listed(Desk(desk.store), state)
    desk.store.close()


@given(CHANGES)
def test_remembered_answers_never_outlive_a_change(changes):
    desk = Desk(Store())
    for change in changes:
        if isinstance(change, int):
            desk.remove("contacts", change)
        else:
            desk.put("contacts", change)
        count = len(desk.store.table("contacts"))
        assert len(desk.remembered("contacts", ("all",), lambda: list(desk.store.table("contacts")))) == count
    desk.store.close()
