"""Two systems in memory, between which real runs leave what the mails tell of."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline import Pipeline, memory_pair, shipped_folder


@pytest.fixture
def memory(engine: Engine, tmp_path: Path) -> Pipeline:
    """The shipped mapping of Freshdesk between two systems in memory; a run does not fail for rejected records."""
    pipeline = Pipeline(engine, shipped_folder("freshdesk", tmp_path), memory_pair())
    pipeline.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed")
    return pipeline
