"""The walk through a list gets to its end whatever names the rows have."""

from datetime import UTC, datetime

import pytest

from connectors.freshdesk_list import Window, walk

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CALLS_PER_WINDOW = 6


@pytest.mark.parametrize("twins", [1, 3, 4, 10, 30, 60, 99, 100, 101, 250, 700])
@pytest.mark.parametrize("ahead", [0, 1, 50, 90, 97, 98, 130])
def test_rows_of_one_name_at_any_place_are_all_read(twins: int, ahead: int) -> None:
    names = [f"a{number:03}" for number in range(ahead)] + ["m"] * twins + [f"z{number:03}" for number in range(150)]
    rows = [{"id": number, "name": name} for number, name in enumerate(names)]
    calls: list[int] = []

    def fetch(page: int, size: int) -> Window:
        calls.append(page)
        return Window(rows[(page - 1) * size : page * size], page * size < len(rows), NOW)

    seen = {row["id"] for window in walk(fetch) for row in window.rows}
    assert seen == set(range(len(rows)))
    assert len(calls) <= CALLS_PER_WINDOW * (len(rows) // 8 + 1)


def test_a_list_that_shrinks_under_the_walk_loses_no_row_that_stays() -> None:
    rows = [{"id": number, "name": f"n{number:04}"} for number in range(600)]
    stays = {row["id"] for row in rows[140:]}

    def fetch(page: int, size: int) -> Window:
        window = Window(rows[(page - 1) * size : page * size], page * size < len(rows), NOW)
        del rows[: max(0, len(rows) - 460)]
        return window

    assert stays <= {row["id"] for window in walk(fetch) for row in window.rows}
