"""An approved plan that was broken off may be overtaken by a later run, which does what was left of it."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATES = "'waiting', 'offered', 'approved', 'rejected', 'expired', 'applied'"


def _allow(states: str) -> None:
    op.execute("alter table sync.approval drop constraint approval_state_check")
    op.execute(f"alter table sync.approval add constraint approval_state_check check (state in ({states}))")


def upgrade() -> None:
    """Allow the state."""
    _allow(f"{STATES}, 'overtaken'")


def downgrade() -> None:
    """Take such plans for expired ones."""
    op.execute("update sync.approval set state = 'expired' where state = 'overtaken'")
    _allow(STATES)
