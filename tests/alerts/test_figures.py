"""The figures of a run reach whatever Airflow's metrics are sent to."""

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk._shared.observability.metrics import stats

from sync.alerts import Summary
from sync.callbacks import measure


class Collector:
    """Takes figures as StatsD would."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int, dict[str, Any]]] = []

    def incr(self, stat: str, count: int = 1, rate: float = 1, *, tags: dict[str, Any] | None = None) -> None:
        """Count."""
        self.taken.append((stat, count, tags or {}))

    def gauge(self, stat: str, value: int, rate: float = 1, delta: bool = False, *, tags: dict[str, Any] | None = None) -> None:
        """Set."""
        self.taken.append((stat, value, tags or {}))


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Where Airflow's metrics go during the test."""
    collector = Collector()
    stats.initialize(factory=lambda: collector, export_legacy_names=False)  # type: ignore[arg-type,return-value]
    yield collector
    stats.initialize(factory=stats.NoStatsLogger, export_legacy_names=False)


def test_writes_are_counted_by_what_they_were_and_what_waits_is_a_level(collector: Collector) -> None:
    measure("salesforce_freshdesk", Summary(written={"contact to_app create": 3}, failed=2, waiting=5))
    own = {"integration": "salesforce_freshdesk"}
    assert collector.taken == [
        ("lockstep.writes", 3, {**own, "entity": "contact", "side": "app", "operation": "create"}),
        ("lockstep.refused", 2, own),
        ("lockstep.waiting", 5, own),
    ]
