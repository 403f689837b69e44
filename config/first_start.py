"""What the `init` service does before the others start: tables of Airflow and of Lockstep, the first user, roles.

Safe to repeat: it runs at every `docker compose up` and is also the whole of an upgrade.
"""

import json
import os
import subprocess
import sys


def main() -> None:
    """Do all of it; the first step that fails ends the container with its message."""
    airflow("db", "migrate")
    airflow(*_admin())
    make_tables()
    subprocess.run([sys.executable, "-m", "sync.roles"], check=True)


def airflow(*arguments: str) -> None:
    """Run one command of Airflow."""
    subprocess.run(["airflow", *arguments], check=True)


def make_tables() -> None:
    """Bring Lockstep's own database to the newest version."""
    from sqlalchemy.engine import URL

    from sync.database import connect, migrate

    told = json.loads(os.environ["AIRFLOW_CONN_LOCKSTEP_DB"])
    host = {"query": {"host": told["host"]}} if told["host"].startswith("/") else {"host": told["host"]}
    url = URL.create("postgresql", told["login"], told.get("password"), port=told.get("port"), database=told["schema"], **host)
    migrate(connect(url.render_as_string(hide_password=False)))


def _admin() -> list[str]:
    names = ["--username", "admin", "--firstname", "Lockstep", "--lastname", "Admin", "--email", "admin@localhost"]
    return ["users", "create", "--role", "Admin", *names, "--password", os.environ["AIRFLOW_ADMIN_PASSWORD"]]


if __name__ == "__main__":
    main()
