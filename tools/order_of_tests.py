"""A pytest plugin: the files that take longest begin first, and the tests of a whole Airflow stay together to share it.

Left alone, pytest-xdist begins with the files of the most tests; the few tests of an Airflow would come last, on one worker.
"""

from collections import Counter

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

LIVE = "tests/runtime/test_live_"
FIRST = (LIVE, "tests/runtime/", "tests/health/", "tests/lab/", "tests/dags/")


class SharedAirflow(LoadFileScheduling):
    """A worker takes one file after another; all files of a whole Airflow count as one."""

    def _split_scope(self, nodeid: str) -> str:
        return LIVE if nodeid.startswith(LIVE) else super()._split_scope(nodeid)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the order of the collection."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow folders first, then the files of many tests; the order within a file stays."""
    sizes = Counter(item.location[0] for item in items)
    ranks = {file: next((rank for rank, part in enumerate(FIRST) if file.startswith(part)), len(FIRST)) for file in sizes}
    items.sort(key=lambda item: (ranks[item.location[0]], -sizes[item.location[0]], item.location[0]))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedAirflow:
    """Hand the tests out by file."""
    return SharedAirflow(config, log)
