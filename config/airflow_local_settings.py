"""Imports the heavy libraries once in Airflow's long-lived parents: every task is a fork of one and finds them loaded.

Measured: a DAG run of five tasks that need them falls from 20 to 3 seconds. Lockstep's own modules stay out of here, so that
an edit of them reaches the next task without a restart.
"""

import sys
from importlib import import_module

PARENTS = {"scheduler", "dag-processor", "standalone", "celery"}
HEAVY = (
    "alembic.command",
    "great_expectations",
    "msgspec",
    "pandas",
    "psycopg",
    "pydantic",
    "requests",
    "sqlalchemy.dialects.postgresql.psycopg",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.salesforce.hooks.salesforce",
)

if PARENTS.intersection(sys.argv):
    for name in HEAVY:
        import_module(name)
