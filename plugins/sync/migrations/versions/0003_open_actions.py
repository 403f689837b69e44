"""Indexes on what is still to be done: the open actions, and the raw rows of one batch, whatever else the tables hold."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes; on a large database this takes seconds."""
    op.execute("create index action_open on sync.action (batch_id, position, side, id) where state in ('planned', 'approved')")
    op.execute("create index raw_batch on staging.raw (batch_id, entity, side)")


def downgrade() -> None:
    """Remove them."""
    op.execute("drop index sync.action_open; drop index staging.raw_batch")
