"""The page's way into Lockstep's database: one engine per process, a connection per request, errors that say what to do."""

from collections.abc import Iterator
from functools import cache
from typing import Annotated

from fastapi import Depends, HTTPException
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from connectors.errors import SyncError
from health.access import Reader
from sync.database import connect, reach

SECONDS = 15  # no view takes longer; a query that does must not hold the server
BEHIND = (
    "Lockstep's tables are missing or older than this page. They are made by the next run of any integration, or at once by"
    " `python -m sync.preflight <app> --create`."
)


@cache
def engine() -> Engine:
    """The engine of this process, from the Airflow connection `lockstep_db`."""
    from sync.connections import database_url

    return connect(database_url())


def connection(_: Reader) -> Iterator[Connection]:
    """For a user who may see the page, a connection whose transaction is committed when the request went well.

    Raises HTTPException 503 with what to do.
    """
    try:
        with reach(engine()) as opened, opened.begin():
            opened.execute(text(f"set local statement_timeout = '{SECONDS}s'"))
            yield opened
    except SyncError as error:
        raise HTTPException(503, str(error)) from None
    except ProgrammingError:
        raise HTTPException(503, BEHIND) from None
    except DBAPIError as error:
        raise HTTPException(
            503, f"Lockstep's database did not answer in time or broke off ({type(error.orig).__name__}). Try again."
        ) from None


# Committed before the answer leaves, so that who reads next sees it, and an error is told.
Database = Annotated[Connection, Depends(connection, scope="function")]
