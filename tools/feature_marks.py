"""A pytest plugin: `@pytest.mark.feature("FD-01")` becomes a property of the test in the JUnit results."""

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Write the ids of the marks into the properties that the JUnit file keeps."""
    for mark in item.iter_markers("feature"):
        item.user_properties.extend(("feature", name) for name in mark.args)
