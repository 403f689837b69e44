"""Alembic's entry: runs the migrations on the connection that `database.migrate` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="lockstep_version")
with context.begin_transaction():
    context.run_migrations()
