"""A rejection remembers that its record was deleted: it comes back as a deletion, not as a record without values."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; deletions rejected before are read from the system again."""
    op.execute("alter table sync.rejection add column is_deleted boolean not null default false")


def downgrade() -> None:
    """Remove the column."""
    op.execute("alter table sync.rejection drop column is_deleted")
