"""`make env`: write `.env` with fresh secrets for docker-compose.yaml; one that is there already only gets what it lacks.

With SANDBOX=1 it also switches the sandbox systems of the compose file on, and adds the connections to them.
"""

import base64
import json
import os
import re
import secrets
from pathlib import Path

import yaml

from sandbox.system import load
from tools.place import ROOT

FILE = ROOT / ".env"
COMPOSE = ROOT / "docker-compose.yaml"


def main() -> None:
    """Add every secret the compose file asks for and `.env` does not have."""
    added = complete(FILE, COMPOSE.read_text())
    added += add(FILE, rehearsal(COMPOSE.read_text())) if os.environ.get("SANDBOX") else []
    print(f"Added to .env: {', '.join(added)}." if added else ".env has everything already.")


def complete(file: Path, compose: str) -> list[str]:
    """Add the missing secrets to the file; return their names."""
    return add(file, {name: make(name) for name in wanted(compose)})


def add(file: Path, values: dict[str, str]) -> list[str]:
    """Append the values that the file, which only its owner can read, does not have; return their names."""
    text = file.read_text() if file.exists() else ""
    known = re.findall(r"^(\w+)=", text, re.MULTILINE)
    added = [name for name in values if name not in known]
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as output:
        output.write("\n" if text and not text.endswith("\n") else "")
        output.writelines(f"{name}={values[name]}\n" for name in added)
    return added


def rehearsal(compose: str) -> dict[str, str]:
    """Return what switches the compose file's sandbox systems on, with a connection to each at its port."""
    command = yaml.safe_load(compose)["services"]["sandbox"]["command"]
    ports = {
        command[at].removeprefix("--").removesuffix("-port"): command[at + 1]
        for at in range(len(command))
        if "-port" in command[at]
    }
    connections = {name: json.dumps(load(name).connection(f"http://127.0.0.1:{port}")) for name, port in ports.items()}
    return {
        "COMPOSE_PROFILES": "sandbox",
        "LOCKSTEP_REHEARSAL": "1",
        **{f"AIRFLOW_CONN_{name.upper()}_DEFAULT": f"'{value}'" for name, value in connections.items()},
    }


def wanted(compose: str) -> list[str]:
    """Return the variables without which the compose file refuses to start, in their order."""
    return list(dict.fromkeys(re.findall(r"\$\{(\w+):\?", compose)))


def make(name: str) -> str:
    """Return a fresh secret; only letters and digits, so that it fits into a URL, except the Fernet key's own form."""
    if name.endswith("FERNET_KEY"):
        return base64.urlsafe_b64encode(os.urandom(32)).decode()
    return secrets.token_hex(64 if "JWT" in name else 24)


if __name__ == "__main__":
    main()
