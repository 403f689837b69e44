"""Integrations that somebody has ended, and the alert of a plan that waits for a person."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DISCONNECTION = """
create table sync.disconnection (
    name text primary key,                  -- of the integration, whichever org and account it speaks to
    disconnected_by text not null,
    disconnected_at timestamptz not null default now()
)
"""


def _allow(states: str) -> None:
    op.execute("alter table sync.alert drop constraint alert_state_check")
    op.execute(f"alter table sync.alert add constraint alert_state_check check (state in ({states}))")


def upgrade() -> None:
    """Make the table, allow the state."""
    op.execute(DISCONNECTION)
    _allow("'ok', 'rejected', 'stopped', 'held', 'late'")


def downgrade() -> None:
    """Forget both: every integration runs again."""
    op.execute("drop table sync.disconnection")
    op.execute("update sync.alert set state = 'ok' where state = 'held'")
    _allow("'ok', 'rejected', 'stopped', 'late'")
