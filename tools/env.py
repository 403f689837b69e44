"""`make env`: write `.env` with fresh secrets for docker-compose.yaml; one that is there already only gets what it lacks."""

import base64
import os
import re
import secrets
from pathlib import Path

from tools.place import ROOT

FILE = ROOT / ".env"
COMPOSE = ROOT / "docker-compose.yaml"


def main() -> None:
    """Add every secret the compose file asks for and `.env` does not have."""
    added = complete(FILE, COMPOSE.read_text())
    print(f"Added to .env: {', '.join(added)}." if added else ".env has everything already.")


def complete(file: Path, compose: str) -> list[str]:
    """Append the missing secrets to the file, which only its owner can read; return their names."""
    text = file.read_text() if file.exists() else ""
    known = re.findall(r"^(\w+)=", text, re.MULTILINE)
    added = [name for name in wanted(compose) if name not in known]
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as output:
        output.write("\n" if text and not text.endswith("\n") else "")
        output.writelines(f"{name}={make(name)}\n" for name in added)
    return added


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
