"""Every run looks for the links of which a digest was left open: few of many."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.execute("create index link_open on sync.link (integration_id, entity) where salesforce_digest = '' or app_digest = ''")


def downgrade() -> None:
    """Drop it."""
    op.execute("drop index sync.link_open")
