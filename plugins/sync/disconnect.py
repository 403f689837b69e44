"""`python -m sync.disconnect <app> [--forget-links]`: end an integration; the DAG `lockstep_disconnect` does the same.

Neither system is called and both keep their records as they are. From then on its runs end at once, whoever starts them. It can
be taken back (`--connect`): what was linked before is in step again after the next run; forgotten links are found anew by the
cross-reference fields and the match keys.
"""

import argparse
import getpass
import subprocess
import sys
from collections.abc import Sequence

from sqlalchemy import Engine, text

from sync.connections import apps, database_url
from sync.database import connect, migrate
from sync.locks import integration_lock

LINKS = ("link", "rejection", "decision", "watermark")
# Everything in a plan that waits stands on the links, and on what both systems held when it was made.
TURN_DOWN = """
update sync.approval a set state = 'rejected', decided_by = :by, decided_at = now() from sync.batch b
join sync.integration i on i.id = b.integration_id where b.id = a.batch_id and i.name = :name
  and a.state in ('waiting', 'offered', 'approved')
"""
MINE = "integration_id in (select id from sync.integration where name = :name)"


def disconnect(engine: Engine, name: str, by: str, forgets: bool = False) -> list[str]:
    """End integration `name`, and turn down its plans that are not carried out yet; return what was done, in lines.

    With `forgets` also forget which records belong together, what waits and up to when was read, for every org and account it
    ever ran with. The history of runs and writes stays. Raises TransientError while one of its tasks is running.
    """
    migrate(engine)
    with integration_lock(engine, name), engine.begin() as connection:
        end = "insert into sync.disconnection (name, disconnected_by) values (:name, :by) on conflict do nothing"
        is_new = connection.execute(text(end), {"name": name, "by": by}).rowcount
        connection.execute(text(TURN_DOWN), {"name": name, "by": by})
        connection.execute(
            text("delete from sync.alert where subject in (:name, 'start of ' || :name, 'audit of ' || :name)"), {"name": name}
        )
        done = [f"{name}: disconnected, its runs do nothing any more" if is_new else f"{name}: was disconnected already"]
        if forgets:
            gone = {
                each: connection.execute(text(f"delete from sync.{each} where {MINE}"), {"name": name}).rowcount for each in LINKS
            }
            done.append(f"{name}: {gone['link']} links and {gone['rejection']} rejections forgotten")
    return [*done, "Both systems keep their records as they are."]


def reconnect(engine: Engine, name: str) -> list[str]:
    """Let integration `name` run again; return what was done, in lines."""
    migrate(engine)
    with engine.begin() as connection:
        found = connection.execute(text("delete from sync.disconnection where name = :name"), {"name": name}).rowcount
    return [f"{name}: connected again, the next run goes on" if found else f"{name}: was not disconnected"]


def disconnection(engine: Engine, name: str) -> str:
    """Return in words who has ended the integration and when; blank for one that runs."""
    migrate(engine)
    query = text("select disconnected_by, disconnected_at from sync.disconnection where name = :name")
    with engine.connect() as connection:
        row = connection.execute(query, {"name": name}).one_or_none()
    if row is None:
        return ""
    by, at = row
    return f"{name} was disconnected by {by} on {at:%Y-%m-%d}; lockstep_disconnect with action=connect lets it run again"


def main(arguments: Sequence[str] | None = None) -> int:
    """Disconnect or connect one integration from the command line; print what was done."""
    parser = argparse.ArgumentParser(prog="python -m sync.disconnect", description="End an integration, or let it run again.")
    parser.add_argument("app", help="a folder below include/mappings, such as freshdesk")
    parser.add_argument("--forget-links", action="store_true", help="also forget which records belong together")
    parser.add_argument("--connect", action="store_true", help="let it run again")
    given = parser.parse_args(arguments)
    if given.app not in apps():
        parser.error(f"there is no integration with {given.app}; there are {', '.join(apps())}")
    name = f"salesforce_{given.app}"
    engine = connect(database_url())
    try:
        lines = reconnect(engine, name) if given.connect else disconnect(engine, name, getpass.getuser(), given.forget_links)
    finally:
        engine.dispose()
    sys.stdout.write("\n".join([*lines, _switch(name, "unpause" if given.connect else "pause")]) + "\n")
    return 0


def _switch(name: str, command: str) -> str:
    """Switch the DAG's schedule in Airflow's own database, which is not everywhere within reach; it is a courtesy only."""
    done = subprocess.run([sys.executable, "-m", "airflow", "dags", command, "--yes", name], capture_output=True, check=False)
    if done.returncode:
        return f"The schedule of the DAG {name} could not be switched from here; do it in the UI (it does nothing meanwhile)."
    return f"The DAG {name} is {command}d."


if __name__ == "__main__":
    sys.exit(main())
