"""The Salesforce org as the core sees it."""

from starlette.applications import Starlette
from starlette.types import ASGIApp

from sandbox.store import Store
from sandbox.system import System


class SalesforceSystem(System):
    """One production-like org, My Domain `nordwerk`."""

    name = "salesforce"

    def build(self, store: Store) -> ASGIApp:
        """Return the REST API."""
        return Starlette()
