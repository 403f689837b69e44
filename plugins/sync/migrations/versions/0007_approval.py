"""A plan may be held for a person: the batch's state, and where its approval stands."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = "'open', 'idle', 'done', 'partial', 'planned', 'failed'"
APPROVAL = """
create table sync.approval (
    batch_id bigint primary key references sync.batch,
    state text not null check (state in ('waiting', 'offered', 'approved', 'rejected', 'expired', 'applied')),
    reasons jsonb not null default '[]',    -- the limits that the plan passes, in words
    requested_at timestamptz not null default now(),
    expires_at timestamptz not null,        -- then nothing is done
    decided_by text not null default '',
    decided_at timestamptz
);
create index approval_open on sync.approval (batch_id) where state in ('waiting', 'offered')
"""


def _allow(states: str) -> None:
    op.execute("alter table sync.batch drop constraint batch_state_check")
    op.execute(f"alter table sync.batch add constraint batch_state_check check (state in ({states}))")


def upgrade() -> None:
    """Allow the state and make the table."""
    _allow(f"{STATES}, 'held'")
    op.execute(APPROVAL)


def downgrade() -> None:
    """Take held plans for failed runs: nothing of them was written."""
    op.execute("drop table sync.approval")
    op.execute("update sync.batch set state = 'failed' where state = 'held'")
    _allow(STATES)
