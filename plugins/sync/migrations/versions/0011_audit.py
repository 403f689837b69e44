"""The nightly audit: a figure per integration and night, and the differences that it found."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

AUDIT = """
create table sync.audit (
    id bigint generated always as identity primary key,
    integration_id int not null references sync.integration,
    run_id text not null,
    state text not null check (state in ('done', 'partial')),     -- partial: an entity could not be read whole
    health numeric,                         -- share of the compared records without an unexplained difference; null: nothing compared
    counts jsonb not null,                  -- entity -> {"compared", class -> number, "stopped": why}
    requeued int not null default 0,        -- unexplained differences that the next run puts right
    started_at timestamptz not null,
    ended_at timestamptz not null default now()
);
create index audit_integration on sync.audit (integration_id, id desc);

-- The unexplained differences in full, the first of the others. Names of fields, never values.
create table sync.audit_difference (
    id bigint generated always as identity primary key,
    audit_id bigint not null references sync.audit on delete cascade,
    entity text not null,
    side text not null check (side in ('salesforce', 'app')),
    record_id text not null,
    other_id text,
    kind text not null check (kind in ('changed', 'missing', 'unlinked', 'differs')),
    class text not null check (class in ('in flight', 'quarantined', 'filtered', 'conflict', 'unexplained')),
    fields text[] not null default '{}',
    is_requeued boolean not null default false
);
create index audit_difference_audit on sync.audit_difference (audit_id, class, id);
"""


def upgrade() -> None:
    """Make both tables."""
    op.execute(AUDIT)


def downgrade() -> None:
    """Remove them: the figures are lost."""
    op.execute("drop table sync.audit_difference; drop table sync.audit")
