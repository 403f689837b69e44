"""Who may see and do what on the page: a signed-in user with the right to it, for the integrations whose DAG they may read.

Every route takes one of these dependencies; nothing here trusts what the browser says of the user.
"""

from typing import Annotated, Any, Literal

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, Header, HTTPException, Request

from health import PAGE

CSRF_HEADER = "x-lockstep"  # no form and no foreign page can send it without asking first, which is refused

Method = Literal["GET", "POST"]
SignedIn = Annotated[Any, Depends(get_user)]


def _require_page(user: Any, method: Method) -> Any:
    if not get_auth_manager().is_authorized_custom_view(method=method, resource_name=PAGE, user=user):
        raise HTTPException(
            403, f"You have no right to '{PAGE}'. An administrator can add it to your role (Security, List Roles)."
        )
    return user


def reader(user: SignedIn) -> Any:
    """A user who may see the page."""
    return _require_page(user, "GET")


def writer(request: Request, user: SignedIn, x_lockstep: Annotated[str, Header()] = "") -> Any:
    """A user who may act on the page, by a request that the page itself has sent."""
    if not x_lockstep or not request.headers.get("content-type", "").startswith("application/json"):
        raise HTTPException(400, f"Send JSON with the header {CSRF_HEADER}, as the page does.")
    return _require_page(user, "POST")


Reader = Annotated[Any, Depends(reader)]
Writer = Annotated[Any, Depends(writer)]


def readable(user: Any) -> list[str]:
    """The DAGs that the user may read; an integration has the name of its DAG."""
    return sorted(get_auth_manager().get_authorized_dag_ids(user=user, method="GET"))


def may_read(user: Any, dag_id: str) -> bool:
    """Tell whether the user may read this DAG."""
    return bool(get_auth_manager().is_authorized_dag(method="GET", details=DagDetails(id=dag_id), user=user))


def may_edit(user: Any, dag_id: str) -> bool:
    """Tell whether the user may change this DAG, and so what waits for its next run."""
    return bool(get_auth_manager().is_authorized_dag(method="PUT", details=DagDetails(id=dag_id), user=user))


def may_trigger(user: Any, dag_id: str) -> bool:
    """Tell whether the user may trigger this DAG. Only for what the page offers: the trigger itself is Airflow's, which checks."""
    details = DagDetails(id=dag_id)
    return bool(
        get_auth_manager().is_authorized_dag(method="POST", access_entity=DagAccessEntity.RUN, details=details, user=user)
    )


def may_operate(user: Any, dag_id: str) -> bool:
    """Tell whether the user may trigger a DAG that is kept for operators (`health.operators`)."""
    is_operator = get_auth_manager().is_authorized_custom_view(method="DELETE", resource_name=PAGE, user=user)
    return bool(is_operator) and may_trigger(user, dag_id)


def name_of(user: Any) -> str:
    """The name of the user, as kept with a decision."""
    return str(user.get_name())
