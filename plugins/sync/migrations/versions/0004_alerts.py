"""What people were last told of each DAG: mails go out only when that changes."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ALERT = """
create table sync.alert (
    subject text primary key,               -- a DAG id, or 'start of' one
    state text not null default 'ok' check (state in ('ok', 'rejected', 'stopped', 'late')),
    run_id text,
    since timestamptz not null default now()
);
"""


def upgrade() -> None:
    """Make the table; nobody was told anything yet."""
    op.execute(ALERT)


def downgrade() -> None:
    """Remove it."""
    op.execute("drop table sync.alert")
