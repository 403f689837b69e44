"""Indexes for the counts that the health page shows first: what waits for a decision, this week's conflicts."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = {
    "rejection_ambiguous": (
        'sync.rejection (integration_id, id desc) where closed_at is null and reasons @> \'[{"code": "ambiguous"}]\''
    ),
    "conflict_noted": "sync.conflict (integration_id, noted_at)",
}


def upgrade() -> None:
    """Make them; on a large database this takes seconds."""
    for name, place in INDEXES.items():
        op.execute(f"create index {name} on {place}")


def downgrade() -> None:
    """Remove them."""
    for name in INDEXES:
        op.execute(f"drop index sync.{name}")
