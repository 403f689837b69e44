"""Lineage where nobody has asked for it, and what of the counts of a stage goes into it."""

import pytest
from airflow_process import Airflow

from sync.lineage import figures, is_wanted
from sync.tasks import request_of

pytestmark = pytest.mark.feature("ALL-32")


def test_figures_alone_are_told() -> None:
    counts = {
        "contact": {"to_app create": 2, "why": "Mara Lind"},
        "failed_entities": ["contact"],
        "stopped": "over budget",
        "total": 3,
    }
    assert figures(counts) == {"contact": {"to_app create": 2}, "total": 3}


def test_where_openlineage_is_not_set_up_no_form_speaks_of_it(airflow: Airflow) -> None:
    assert not is_wanted()
    facts = airflow.read()
    assert facts["errors"] == {}
    assert [dag_id for dag_id, dag in facts["dags"].items() if any("openlineage" in name for name in dag["params"])] == []


def test_a_dag_of_others_that_triggers_ours_may_tell_where_it_came_from() -> None:
    assert request_of({"mode": "plan", "openlineage": {"parentRunId": "1"}}).mode == "plan"
