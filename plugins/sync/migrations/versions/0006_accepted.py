"""An action may be accepted: the system took it and shows the record later. Status of records that is written back to Salesforce."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATES = "'planned', 'approved', 'sending', 'done', 'failed', 'skipped', 'unknown'"
STATUS = """
create table sync.status (
    integration_id int not null references sync.integration,
    entity text not null,
    record_id text not null,                -- in Salesforce
    state text not null check (state in ('synced', 'waiting', 'unmet', 'error')),
    synced_at timestamptz,                  -- the last time something was carried over
    written text not null default '',       -- what Salesforce shows: state and time
    refused text not null default '',       -- … what it would not take, and the code
    noted_at timestamptz not null default now(),
    primary key (integration_id, entity, record_id)
);
create index status_unwritten on sync.status (integration_id, entity)
"""


def _allow(states: str) -> None:
    op.execute("alter table sync.action drop constraint action_state_check")
    op.execute(f"alter table sync.action add constraint action_state_check check (state in ({states}))")


def upgrade() -> None:
    """Allow the state and make the table."""
    _allow(f"{STATES}, 'accepted'")
    op.execute("create index action_accepted on sync.action (integration_id, entity) where state = 'accepted'")
    op.execute(STATUS)


def downgrade() -> None:
    """Take accepted actions for lost ones, which are looked for as well."""
    op.execute("drop table sync.status; drop index sync.action_accepted")
    op.execute("update sync.action set state = 'unknown' where state = 'accepted'")
    _allow(STATES)
