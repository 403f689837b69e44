"""DAGs that only operators may change or trigger, whatever else their role lets them do with DAGs.

FAB's roles only ever add rights: one that may trigger every DAG cannot be kept from a single one. So requests that change one of
these DAGs are stopped before they reach Airflow, unless the user may delete on the page, which operators and administrators may.
"""

import re
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
from fastapi import HTTPException, Request
from starlette.responses import JSONResponse

from health import PAGE
from sync.roles import FOR_OPERATORS

READING = ("GET", "HEAD", "OPTIONS")
GUARDED = re.compile(rf"/dags/({'|'.join(FOR_OPERATORS)})(?:/|$)")


async def pass_on(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Hand a request to `app`, or answer 403 to one that changes a guarded DAG for a user who is no operator."""
    found = GUARDED.search(scope["path"]) if scope["type"] == "http" and scope["method"] not in READING else None
    if found and not await _may_operate(Request(scope)):
        words = f"Only operators may trigger or change {found[1]}: it takes the right 'can delete' on '{PAGE}'."
        await JSONResponse({"detail": words}, 403)(scope, receive, send)
    else:
        await app(scope, receive, send)


async def _may_operate(request: Request) -> bool:
    """Tell whether the user may; a request without a user is left to Airflow, which refuses it."""
    try:
        user = await get_user(request, None, await bearer_scheme(request))
    except HTTPException:
        return True
    return bool(get_auth_manager().is_authorized_custom_view(method="DELETE", resource_name=PAGE, user=user))
