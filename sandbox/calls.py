"""Counts of the calls a server received, so that a test can say how many requests a run may cost."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

CallKind = Literal["read", "write", "auth", "other"]


@dataclass(frozen=True, slots=True)
class Call:
    """How a system sees one request: its kind and a label without ids, such as `PATCH /composite/sobjects`."""

    kind: CallKind
    label: str


class Calls:
    """Calls by kind and by label, and the number of records written through the API."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start again from zero."""
        self._kinds: Counter[str] = Counter()
        self._labels: Counter[str] = Counter()
        self.records_written = 0

    def count(self, call: Call) -> None:
        """Count one request."""
        self._kinds[call.kind] += 1
        self._labels[call.label] += 1

    def summary(self) -> dict[str, Any]:
        """Return `{"read": n, "write": n, "auth": n, "other": n, "by": {label: n}, "records_written": n}`."""
        kinds = {kind: self._kinds[kind] for kind in ("read", "write", "auth", "other")}
        return {**kinds, "by": dict(self._labels), "records_written": self.records_written}
