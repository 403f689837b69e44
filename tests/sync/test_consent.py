"""No run calls either system before a person has confirmed what has to be confirmed."""

import pytest

from connectors.errors import PermanentError
from connectors.memory import MemoryConnector
from pipeline import Pipeline
from sync.batch import Request
from sync.stages import run_stage


def ask(memory: Pipeline, answer: str) -> None:
    memory.change("settings.yaml", "overlap_minutes: 10", f"consent_confirmed: {answer}\noverlap_minutes: 10")


@pytest.mark.feature("GR-08")
def test_a_run_without_consent_calls_nobody(memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector) -> None:
    ask(memory, "no")
    with pytest.raises(
        PermanentError, match=r"salesforce_freshdesk does not run .*\n.*settings\.yaml:\d+:\d+: consent_confirmed"
    ):
        memory.run()
    assert not salesforce.calls + app.calls
    memory.change("settings.yaml", "consent_confirmed: no", "consent_confirmed: yes")
    memory.run()
    assert salesforce.calls["read"]


def test_a_rehearsal_takes_it_as_given(memory: Pipeline, app: MemoryConnector) -> None:
    ask(memory, "no")
    run_stage("extract", memory.engine, memory.folder, "r", Request(), lambda _: memory.connectors, is_rehearsal=True)
    assert app.calls["read"]
