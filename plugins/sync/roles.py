"""`python -m sync.roles`: who may see, trigger, push, settle and retry, as roles of Airflow's FAB auth manager.

Safe to repeat, and only adds: rights that an administrator has given stay. Run it again when an integration is added.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = "Sync health"
READ, EDIT, CREATE, DELETE = "can_read", "can_edit", "can_create", "can_delete"
PAGE_RIGHTS: Mapping[str, tuple[str, ...]] = {
    "Viewer": (READ,),
    "User": (READ, EDIT, CREATE),
    "Op": (READ, EDIT, CREATE, DELETE),
    "Admin": (READ, EDIT, CREATE, DELETE),
}
# Roles of our own, for an Airflow that runs other things too: they see and trigger Lockstep's DAGs and no others. `DAG Runs` opens none:
# FAB asks for it beside the right to the DAG before it shows a task or a list, so that without it there is no form to approve a plan.
VIEWER, USER = "Lockstep Viewer", "Lockstep User"
SEES = ("Website", "DAG Versions", "DAG Code", "DAG Warnings", "DAG Dependencies", "DAG Runs", "Task Instances", "Task Logs", "XComs",
        "HITL Detail", "Plugins", "My Profile", "My Password", PAGE)  # fmt: skip
OWN_RIGHTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    VIEWER: tuple((READ, thing) for thing in SEES),
    USER: (
        *((READ, thing) for thing in SEES),
        *((EDIT, thing) for thing in ("DAG Runs", "Task Instances", "HITL Detail", PAGE)),
        (CREATE, "Task Instances"),
        (CREATE, PAGE),
    ),
}
DAG_RIGHTS: Mapping[str, tuple[str, ...]] = {VIEWER: (READ,), USER: (READ, EDIT)}
RUN_RIGHTS: Mapping[str, tuple[str, ...]] = {VIEWER: (READ,), USER: (READ, CREATE)}
FOR_OPERATORS = ("lockstep_disconnect", "lockstep_erase", "lockstep_housekeeping", "lockstep_undo", "lockstep_watch")


def rights(dag_ids: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield every right as role, action, resource. Without `Plugins` the UI shows a role no entry for the page."""
    for role, actions in PAGE_RIGHTS.items():
        yield from ((role, action, PAGE) for action in actions)
        yield role, READ, "Plugins"
    for role, pairs in OWN_RIGHTS.items():
        yield from ((role, action, resource) for action, resource in pairs)
        for dag_id in dag_ids:
            like = VIEWER if dag_id in FOR_OPERATORS else role
            yield from ((role, action, f"DAG:{dag_id}") for action in DAG_RIGHTS[like])
            yield from ((role, action, f"DAG Run:{dag_id}") for action in RUN_RIGHTS[like])


def grant(security: Any, dag_ids: Sequence[str]) -> int:
    """Give every right that is missing to roles of FAB's security manager, making our own roles; return how many were given."""
    given = 0
    for name, action, resource in rights(dag_ids):
        role = security.find_role(name) or security.add_role(name)
        permission = security.create_permission(action, resource)
        if permission not in role.permissions:
            security.add_permission_to_role(role, permission)
            given += 1
    return given


def dag_ids() -> list[str]:
    """Return the DAGs that are ours: one per integration, and those of the DAG folder for running them."""
    from airflow.sdk.configuration import conf

    from sync.connections import apps

    own = Path(conf.get("core", "dags_folder")).rglob("lockstep_*.py")
    return sorted({f"salesforce_{app}" for app in apps()} | {path.stem for path in own})


def main() -> int:
    """Grant the rights in this Airflow; return 1 where its auth manager has no roles."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
    from airflow.sdk.configuration import conf

    manager = conf.get("core", "auth_manager")
    if not manager.endswith("FabAuthManager"):
        sys.stderr.write(
            f"{manager} keeps no roles in Airflow; give the rights where it keeps them, see docs/operator/roles.md\n"
        )
        return 1
    with get_application_builder() as builder:
        given = grant(builder.sm, dag_ids())
    sys.stdout.write(f"{given} rights given, the others were there\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
