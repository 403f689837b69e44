"""A value that a third system sets back each time is written three times, then held and listed."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from crm import CONTACT, both, codes, crm, writes
from pipeline import Pipeline, World


@pytest.fixture
def pipeline(engine: Engine, tmp_path: Path) -> Pipeline:
    """One contact, of which the app's values stand whatever happens in Salesforce."""
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, master: app")
    both(pipeline)[1].put("contact", name="Berg", email="otto@nordwerk.example")
    pipeline.run()
    pipeline.run()
    return pipeline


def set_back(pipeline: Pipeline, value: str = "BERG") -> None:
    """Let the third system work, then run."""
    both(pipeline)[0].edit("contact", "salesforce-contact-1", LastName=value)
    pipeline.run()


def test_the_fourth_write_of_the_same_change_is_held_and_listed(pipeline: Pipeline) -> None:
    salesforce, app = both(pipeline)
    before = writes(pipeline)
    for _ in range(3):
        set_back(pipeline)
        assert salesforce.live("contact")["salesforce-contact-1"]["LastName"] == "Berg"
    assert writes(pipeline) == before + 3
    set_back(pipeline)
    assert codes(pipeline) == {"salesforce-contact-1": ["flip_flop"]}
    app.put("contact", name="Otte", email="otte@nordwerk.example")
    pipeline.run()
    assert codes(pipeline) == {"salesforce-contact-1": ["flip_flop"]}
    assert salesforce.live("contact")["salesforce-contact-1"]["LastName"] == "BERG"
    app.edit("contact", "app-contact-1", name="Berger")
    pipeline.run()
    pipeline.run()
    assert codes(pipeline) == {}
    assert salesforce.live("contact")["salesforce-contact-1"]["LastName"] == "Berger"


def test_changes_of_other_values_are_no_flip_flop(pipeline: Pipeline) -> None:
    salesforce, _ = both(pipeline)
    for value in ("A", "B", "A", "B", "A", "B"):
        set_back(pipeline, value)
    assert codes(pipeline) == {}
    assert salesforce.live("contact")["salesforce-contact-1"]["LastName"] == "Berg"


def test_a_change_of_mind_now_and_then_is_no_flip_flop(pipeline: Pipeline) -> None:
    _, app = both(pipeline)
    for number in range(4):
        set_back(pipeline)
        for other in range(2):
            app.put("contact", name=f"Otte {number} {other}", email=f"otte{number}{other}@nordwerk.example")
            pipeline.run()
    assert codes(pipeline) == {}


def test_over_http_too(enabled: World) -> None:
    enabled.change("settings.yaml", "master: merge", "master: salesforce")
    contact, desk = enabled.linked_contact(Title="Buyer")
    for _ in range(4):
        enabled.edit(desk, job_title="buyer (old)")
        enabled.run()
    assert enabled.rejections() == {str(desk): ["flip_flop"]}
    assert enabled.desk(desk)["job_title"] == "buyer (old)"
    enabled.edit(contact, Title="Head of sales")
    enabled.run()
    assert enabled.desk(desk)["job_title"] == "Head of sales"
    assert enabled.rejections() == {}
