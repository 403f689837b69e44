"""An action may be accepted: the system took it and shows the record later."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATES = "'planned', 'approved', 'sending', 'done', 'failed', 'skipped', 'unknown'"


def _allow(states: str) -> None:
    op.execute("alter table sync.action drop constraint action_state_check")
    op.execute(f"alter table sync.action add constraint action_state_check check (state in ({states}))")


def upgrade() -> None:
    """Allow the state."""
    _allow(f"{STATES}, 'accepted'")
    op.execute("create index action_accepted on sync.action (integration_id, entity) where state = 'accepted'")


def downgrade() -> None:
    """Take accepted actions for lost ones, which are looked for as well."""
    op.execute("drop index sync.action_accepted")
    op.execute("update sync.action set state = 'unknown' where state = 'accepted'")
    _allow(STATES)
