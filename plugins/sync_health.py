"""The one file here that Airflow loads as a plugin: the Sync health page in its navigation and on each DAG.

Every process of Airflow loads its plugins, each task included; so the server behind the page is imported with its first request.
"""

from importlib import import_module
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from health import PAGE

STATIC = "sync-health/static"  # no slash in front: Airflow may be served below a path


async def server(scope: Any, receive: Any, send: Any) -> None:
    """Hand a request to the page's FastAPI application."""
    await import_module("health.app").app(scope, receive, send)


class OperatorsOnly:
    """Keeps some DAGs for operators; what it asks is imported with the first request."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request on, or refuse it."""
        await import_module("health.operators").pass_on(self.app, scope, receive, send)


class SyncHealthPlugin(AirflowPlugin):  # type: ignore[misc]
    """What Airflow reads."""

    name = "sync_health"
    fastapi_apps = [{"app": server, "url_prefix": "/sync-health", "name": PAGE}]  # noqa: RUF012
    fastapi_root_middlewares = [{"middleware": OperatorsOnly, "name": "operators only"}]  # noqa: RUF012
    react_apps = [  # noqa: RUF012
        {
            "name": PAGE, "bundle_url": f"{STATIC}/page.js", "destination": "nav", "url_route": "sync-health", "nav_top_level": True,
            "icon": f"{STATIC}/icon.svg",
        },
        {"name": PAGE, "bundle_url": f"{STATIC}/page.js", "destination": "dag", "url_route": "sync-health-dag",
         "icon": f"{STATIC}/icon.svg"},
    ]  # fmt: skip
