"""The rights to the page under Airflow's FAB auth manager, where each has to be made before a role can have it."""

from typing import Any

from health import PAGE

RIGHTS = {
    "Admin": ("can_read", "can_edit", "can_create", "can_delete"),
    "Op": ("can_read", "can_edit", "can_create", "can_delete"),
    "User": ("can_read", "can_edit", "can_create"),
    "Viewer": ("can_read",),
}


def grant(security: Any) -> None:
    """Let the roles see the page, and act on it; and `Plugins`, without which Airflow shows them no entry for it. Safe to repeat."""
    for role, actions in RIGHTS.items():
        for action in actions:
            security.add_permission_to_role(security.find_role(role), security.create_permission(action, PAGE))
        security.add_permission_to_role(security.find_role(role), security.create_permission("can_read", "Plugins"))


def main() -> None:
    """Grant them in the Airflow of this environment: `python -m health.rights`."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        grant(builder.sm)


if __name__ == "__main__":
    main()
