"""The mail after a push of captured contacts, from what a real run between both servers leaves behind."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.errors import RecordsRejectedError
from lemontaps_world import LemontapsWorld, lemontaps_world
from sandbox.client import SandboxClient
from sandbox.running import serve
from sync import settings
from sync.alert_text import of_failure, of_push
from sync.alerts import Ending, FailedTask, summarize

PAGE = "http://airflow.example/plugin/sync-health"


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[SandboxClient, SandboxClient]]:
    """One Salesforce, one Lemontaps."""
    with ExitStack() as stack:
        yield stack.enter_context(serve("salesforce")), stack.enter_context(serve("lemontaps"))


@pytest.fixture
def world(pair: tuple[SandboxClient, SandboxClient], engine: Engine, tmp_path: Path) -> LemontapsWorld:
    """Both systems after the run that enables the integration."""
    world = lemontaps_world(engine, tmp_path, *pair)
    world.run()
    return world


@pytest.mark.feature("LT-05")
def test_it_says_how_many_worked_failed_and_were_duplicates_and_no_value(world: LemontapsWorld) -> None:
    world.salesforce.insert("Lead", [{"LastName": "Lynd", "Company": "Nordwerk", "Email": "secret@nordwerk.example"}])
    ids = [
        world.capture_earlier(email="secret@nordwerk.example"),
        world.capture_earlier(email="berg@nordwerk.example"),
        world.capture_earlier(email="holm@nordwerk.example"),
        world.capture_earlier(email="nobody@nordwerk.example", company=""),
    ]
    world.push(*ids)
    summary = summarize(world.engine, "salesforce_lemontaps", world.run_id)
    letter = of_push(Ending("salesforce_lemontaps", world.run_id, "http://airflow.example/run", True), summary, PAGE)
    assert letter.subject == "[Lockstep] salesforce_lemontaps: push of chosen records: 2 worked, 1 failed, 1 duplicates"
    assert not summary.is_whole
    assert "worked: 2" in letter.text()
    assert "<li>duplicates: 1</li>" in letter.html()
    assert f"lead {ids[0]} in app: " in letter.text()
    assert "secret" not in letter.text() + letter.html()
    assert "http://airflow.example/run" in letter.text()


@pytest.mark.feature("LT-09")
def test_an_address_that_salesforce_knows_is_mailed_with_its_reason(world: LemontapsWorld) -> None:
    world.salesforce.insert("Contact", [{"LastName": "Lynd", "Email": "known@nordwerk.example"}])
    captured = world.capture(email="known@nordwerk.example")
    world.change("settings.yaml", "on_rejected: succeed", "on_rejected: fail")
    with pytest.raises(RecordsRejectedError) as caught:
        world.run()
    summary = summarize(world.engine, "salesforce_lemontaps", world.run_id)
    task = FailedTask("load", type(caught.value).__name__, str(caught.value), "http://airflow.example/log")
    ending = Ending("salesforce_lemontaps", world.run_id, "http://airflow.example/run", False, failed=(task,))
    letter = of_failure(ending, summary, PAGE)
    assert f"lead {captured} in app: " in letter.text()
    assert "duplicate" in letter.text()


@pytest.mark.feature("LT-05")
def test_a_scheduled_run_is_no_push_and_the_shipped_settings_want_the_mail(world: LemontapsWorld) -> None:
    world.capture(email="berg@nordwerk.example")
    world.run()
    assert summarize(world.engine, "salesforce_lemontaps", world.run_id).pushed == {}
    assert settings.load(world.folder).mail_pushes
