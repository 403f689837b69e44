"""When a run counts as late."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.watch import Standing, lateness

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.feature("ALL-11")
@pytest.mark.parametrize(
    ("standing", "broken", "words"),
    [
        (Standing(False, NOW + MINUTE, 0), [], ""),
        (Standing(False, None, 0), [], ""),
        (Standing(False, NOW - 20 * MINUTE, 0), [], ""),
        (Standing(False, NOW - 21 * MINUTE, 0), [], "due at 2026-11-22 11:39 UTC; nothing keeps it"),
        (Standing(False, NOW - 120 * MINUTE, 1), [], ""),
        (Standing(False, NOW - 121 * MINUTE, 1), [], "the one before it has not ended"),
        (Standing(True, NOW - 500 * MINUTE, 0), ["settings.yaml:3:1: no"], ""),
        (Standing(False, NOW + MINUTE, 0), ["settings.yaml:3:1: no"], "starts no run:\nsettings.yaml:3:1: no"),
        (None, [], "does not know the DAG"),
    ],
)
def test_a_run_that_was_due_is_late_after_its_grace(standing: Standing | None, broken: list[str], words: str) -> None:
    found = lateness(standing, broken, NOW)
    assert words in found
    assert bool(found) == bool(words)
