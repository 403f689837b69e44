"""The command line of the sandbox: all servers in one process, killed and started again."""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.__main__ import main
from sandbox.client import SandboxClient
from sandbox.system import SYSTEMS, load


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    command = [sys.executable, "-m", "sandbox", "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running, json.loads(running.stdout.readline())
        finally:
            running.terminate()


def test_work_answered_before_a_kill_is_there_after_it(tmp_path):
    state = ["--state", str(tmp_path), "--only", "salesforce", "--seed", "empty"]
    with process(*state) as (running, urls), SandboxClient(urls["salesforce"]) as org:
        headers = {"Authorization": f"Bearer {org.action('issue_token')}"}
        url = f"{urls['salesforce']}/services/data/v59.0/sobjects/Contact"
        first = requests.post(url, json={"LastName": "Kept"}, headers=headers, timeout=5).json()["id"]
        org.switches(duplicate_rule="alert")
        running.send_signal(signal.SIGKILL)
        running.wait(10)
    with process(*state) as (_, urls), SandboxClient(urls["salesforce"]) as org:
        url = f"{urls['salesforce']}/services/data/v59.0/sobjects/Contact"
        assert [record["Id"] for record in org.records("Contact")] == [first]
        assert org.switches()["duplicate_rule"] == "alert"
        answer = requests.post(url, json={"LastName": "Next"}, headers=headers, timeout=5)
        assert answer.status_code == 201
        assert answer.json()["id"] != first


def test_all_systems_come_up_over_tls_with_the_company(tmp_path):
    with process("--state", str(tmp_path), "--seed", "company", "--tls", "--contacts", "50") as (running, urls):
        assert {"salesforce", "freshdesk"} <= urls.keys()
        for name, url in urls.items():
            with SandboxClient(url, str(tmp_path / "ca.pem")) as client:
                assert client.health() == {"status": "ok", "system": name}
        with SandboxClient(urls["salesforce"], str(tmp_path / "ca.pem")) as org:
            assert len(org.records("Contact")) > 1000
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0


def test_unknown_systems_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["serve", "--state", str(tmp_path), "--only", "nothing"])
    assert "invalid choice: 'nothing'" in capsys.readouterr().err


def test_the_manual_lists_every_switch_and_action(capsys):
    main(["options"])
    manual = Path(__file__).parents[2] / "docs" / "sandbox.md"
    assert manual.read_text().endswith(capsys.readouterr().out), "paste `python -m sandbox options` into docs/sandbox.md"


def test_the_manual_names_every_fault():
    manual = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
    chapter = manual.partition("## Make things go wrong")[2].partition("\n## ")[0]
    kinds = {kind for name in SYSTEMS for kind in load(name).faults}
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in chapter] == []
