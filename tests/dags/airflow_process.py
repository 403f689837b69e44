"""The Airflow of these tests, as a test speaks to it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECRETS = ("SANDBOX_CONSUMER_KEY", "sandbox-consumer-secret", "sandbox-freshdesk-key", "wrong-secret", "wrong-key", "Bearer 00D")


@dataclass
class Airflow:
    """Speaks with the driver; `mappings` is a copy of the shipped mappings that a test may change."""

    process: subprocess.Popen[str]
    log: Path
    mappings: Path
    connections: dict[str, dict[str, Any]]
    own: dict[str, str]
    seen: int = 0

    def env(self) -> dict[str, str]:
        """The environment of a command beside it, with the connections."""
        stored = {f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in self.connections.items()}
        return self.own | stored

    def read(self) -> dict[str, Any]:
        """Every DAG as its file says it now."""
        return dict(self._ask(do="read"))

    def connect(self, **connections: dict[str, Any] | None) -> None:
        """Change connections, None takes one away."""
        self._ask(do="connect", **connections)

    def run(self, dag_id: str, **conf: Any) -> dict[str, Any]:
        """Run a DAG to its end; `said` holds the log of it, in which no secret may stand."""
        answer = dict(self._ask(do="run", dag_id=dag_id, conf=conf))
        text = self.log.read_text()
        answer["said"], self.seen = text[self.seen :], len(text)
        assert not [secret for secret in SECRETS if secret in answer["said"]]
        return answer

    def change(self, file: str, old: str, new: str) -> None:
        """Edit a mapping file of Freshdesk as the data team would."""
        path = self.mappings / "freshdesk" / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def _ask(self, **command: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"Airflow ended:\n{self.log.read_text()[-3000:]}"
        return json.loads(answer)
