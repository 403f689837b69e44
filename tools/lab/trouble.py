"""What goes wrong in a run: faults of the two systems, drawn at random. Everything ends with the run: the next one begins with other trouble."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

from sandbox.client import SandboxClient

LATE_SECONDS = 0.6  # longer than a task waits for one answer
WRITES = {"salesforce": "POST|PATCH|DELETE", "app": "POST|PUT|DELETE"}
KINDS = ("429", "500", "502", "503", "html", "slow", "cut", "lost", "half", "twice")
ROWS = {"salesforce": ("row_lock", "bad_record"), "app": ("bad_record",)}


def draw(chance: Random, side: str) -> dict[str, Any]:
    """Return a fault in the words of the sandbox: any kind, on reads or writes, once or for a while."""
    kinds = (*KINDS, *KINDS, *ROWS[side], *(("token", "limit") if side == "salesforce" else ()))
    fault: dict[str, Any] = {
        "kind": chance.choice(kinds),
        "times": chance.choice((1, 1, 2, 5, 20)),
        "share": chance.choice((1.0, 0.3)),
    }
    fault["after"] = chance.choice((0, 0, 1, 3, 10, 30))
    if fault["kind"] in ROWS[side]:
        return fault
    if chance.random() < 0.6:
        fault["method"] = chance.choice(WRITES[side].split("|"))
    if fault["kind"] == "slow":
        fault |= {"seconds": LATE_SECONDS, "times": 1}
    if fault["kind"] == "429":
        fault |= {"retry_after": chance.choice((0, 0, 1))}
    return fault


class Trouble:
    """The armed faults of both systems, and how many have struck."""

    def __init__(self, clients: Mapping[str, SandboxClient]) -> None:
        self._clients = clients
        self._armed: dict[str, list[dict[str, Any]]] = {side: [] for side in clients}
        self.struck: Counter[str] = Counter()

    @property
    def is_late(self) -> bool:
        """A request may still be under way in a system though its caller has given up."""
        return any(fault["kind"] == "slow" for faults in self._armed.values() for fault in faults)

    def arm(self, chance: Random, count: int) -> list[tuple[str, dict[str, Any]]]:
        """Arm some faults; return them."""
        drawn = [(side, draw(chance, side)) for side in (chance.choice(sorted(self._clients)) for _ in range(count))]
        for side, fault in drawn:
            self._clients[side].fault(**fault)
            self._armed[side].append(fault)
        return drawn

    def clear(self) -> None:
        """Disarm all, and count what has struck."""
        for side, client in self._clients.items():
            left = Counter[str]()
            for fault in client.faults():
                left[fault["kind"]] += fault["times"]
            armed = Counter[str]()
            for fault in self._armed[side]:
                armed[fault["kind"]] += fault["times"]
            self.struck.update(armed - left)
            client.clear_faults()
            self._armed[side] = []
