"""What the Sync health page needs: decisions of people, and indexes by which each of its views reads only what it shows."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DECISION = """
-- What a person said of a record that matched more than one: it belongs to other_id, or (null) to none and is made anew.
create table sync.decision (
    id bigint generated always as identity primary key,
    integration_id int not null references sync.integration,
    entity text not null,
    side text not null check (side in ('salesforce', 'app')),
    record_id text not null,
    other_id text,
    decided_by text not null,
    decided_at timestamptz not null default now(),
    unique (integration_id, entity, side, record_id)
)
"""

INDEXES = {
    "action_history": "sync.action (integration_id, entity, side, operation, state, id desc) where operation <> 'agree'",
    "action_writes": "sync.action (batch_id, position, id) include (entity, side, operation, state) where operation <> 'agree'",
    "rejection_waiting": "sync.rejection (integration_id, id desc) where closed_at is null",
    "rejection_record": "sync.rejection (integration_id, entity, record_id)",
    "conflict_recent": "sync.conflict (integration_id, id desc)",
    "link_email": "sync.link (integration_id, lower(base->>'email') collate \"C\")",
    "batch_started": "sync.batch (integration_id, started_at)",
}


def upgrade() -> None:
    """Make them; on a large database this takes a minute."""
    op.execute(DECISION)
    for name, place in INDEXES.items():
        op.execute(f"create index {name} on {place}")


def downgrade() -> None:
    """Remove them; decisions that no run has carried out are lost."""
    for name in INDEXES:
        op.execute(f"drop index sync.{name}")
    op.execute("drop table sync.decision")
