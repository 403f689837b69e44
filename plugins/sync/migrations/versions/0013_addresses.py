"""Finds what waits by an e-mail address without reading every record that waits."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Whichever of its fields holds an address: the raw names differ from app to app.
ADDRESSES = """
create function sync.addresses(raw jsonb) returns text[] language sql immutable parallel safe as $$
  select array_agg(lower(value)) from jsonb_each_text(case when jsonb_typeof(raw) = 'object' then raw else '{}' end)
  where length(value) <= 320 and position('@' in value) > 0
$$
"""


def upgrade() -> None:
    """Make the function and its index; on a large database this takes seconds."""
    op.execute(ADDRESSES)
    op.execute("create index rejection_address on sync.rejection using gin (sync.addresses(raw)) where closed_at is null")


def downgrade() -> None:
    """Remove them."""
    op.execute("drop index sync.rejection_address; drop function sync.addresses(jsonb)")
