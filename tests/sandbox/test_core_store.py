"""The store: rollback, indexes, what reaches the file."""

import pytest

from sandbox.store import Store


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "state.sqlite")
    yield opened
    opened.close()


def reopened(store):
    store.close()
    store.__init__(store.path)
    return store


def test_only_what_was_committed_reaches_the_file(store):
    store.put("note", 1, {"text": "a"})
    store.commit()
    store.put("note", 2, {"text": "b"})
    store.rollback()
    assert dict(reopened(store).table("note")) == {1: {"text": "a"}}


def test_a_rollback_restores_records_values_and_indexes(store):
    store.put("note", 1, {"text": "a"})
    store.put("note", 2, {"text": "b"})
    store.set_value("x", 1)
    mark = store.savepoint()
    store.put("note", 1, {"text": "b"})
    store.remove("note", 2)
    store.put("note", 3, {"text": "a"})
    store.set_value("x", 2)
    assert [store.find("note", "text", "A"), store.find("note", "text", "b")] == [[3], [1]]
    store.rollback(mark)
    assert [store.find("note", "text", "a"), store.find("note", "text", "B"), store.value("x")] == [[1], [2], 1]
    assert 3 not in store.table("note")


def test_removed_records_leave_the_file(store):
    store.put("note", "a", {"text": "a"})
    store.commit()
    store.remove("note", "a")
    store.remove("note", "never there")
    assert reopened(store).get("note", "a") is None


def test_keys_keep_their_type(store):
    store.put("note", 7, {})
    store.put("note", "7", {})
    assert set(reopened(store).table("note")) == {7, "7"}


def test_numbers_go_on_after_a_restart(store):
    assert [store.next_number("note"), store.next_number("note"), store.next_number("other")] == [1, 2, 1]
    assert reopened(store).next_number("note") == 3


def test_clear_keeps_what_it_is_told(store):
    store.put("note", 1, {})
    store.put("session", 1, {})
    store.commit()
    store.clear(keep=["session"])
    assert [dict(store.table("note")), dict(store.table("session"))] == [{}, {1: {}}]
    assert dict(reopened(store).table("note")) == {}


def test_a_record_no_file_can_hold_leaves_nothing(store):
    store.put("note", 1, {"text": "\ud800"})
    with pytest.raises(UnicodeEncodeError):
        store.commit()
    store.rollback()
    assert dict(store.table("note")) == {}
