"""The system in memory keeps the contract, and its faults do what they say."""

import pytest
from benches import MemoryBench
from connector_contract import ConnectorContract, until_stopped

from connectors.contract import Write
from connectors.errors import PermanentError, TransientError
from connectors.memory import MemoryConnector


class TestMemory(ConnectorContract):
    @pytest.fixture
    def bench(self):
        return MemoryBench()


@pytest.fixture
def memory():
    return MemoryConnector()


def create(name):
    return Write("create", None, {"name": name})


def test_a_cut_write_is_unknown_and_not_done(memory):
    memory.faults.cut.add(2)
    states = [result.state for result in memory.write("contact", [create("a"), create("b"), create("c")])]
    assert states == ["done", "unknown", "done"]
    assert len(memory.live("contact")) == 2


def test_it_stops_after_so_many_writes(memory):
    memory.faults.stop_after = 2
    results, error = until_stopped(memory.write("contact", [create("a"), create("b"), create("c")]))
    assert isinstance(error, TransientError)
    assert len(results) == 2
    assert len(memory.live("contact")) == 2


def test_a_locked_record_is_free_after_so_many_tries(memory):
    id = memory.put("contact", name="a")
    memory.faults.locked[id] = 1
    write = [Write("update", id, {"name": "b"})]
    assert [(r.state, r.is_transient) for r in memory.write("contact", write)] == [("failed", True)]
    assert [r.state for r in memory.write("contact", write)] == ["done"]


def test_a_unique_field_names_the_owner():
    memory = MemoryConnector(unique={"contact": frozenset({"email"})})
    owner = memory.put("contact", email="a@example.com")
    [result] = memory.write("contact", [Write("create", None, {"email": "A@example.com"})])
    assert (result.state, result.code, result.id) == ("failed", "duplicate_value", owner)


def test_a_create_with_a_known_external_id_updates():
    memory = MemoryConnector(external_id_fields={"contact": "ref"})
    write = Write("create", None, {"ref": "1", "name": "a"})
    first, second = [*memory.write("contact", [write]), *memory.write("contact", [write])]
    assert first.id == second.id
    assert len(memory.live("contact")) == 1


def test_an_unknown_entity_is_a_permanent_error(memory):
    with pytest.raises(PermanentError, match="invoice"):
        list(memory.read_changes("invoice", None, []))
