"""The pace of each account, shared by all workers, and how many calls were made for what."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PACE = """
create table sync.pace (
    account text primary key,               -- the Airflow connection
    free_at timestamptz not null default '-infinity',     -- when the calls made so far are paid off
    blocked_until timestamptz not null default '-infinity',   -- the system asked everybody to wait
    per_minute int,                         -- as its headers said last
    used int,                               -- of the daily limit, everybody's calls
    daily_limit int,
    told_at timestamptz
);
create table sync.api_call (
    account text not null,
    integration text not null,
    run_id text not null,
    kind text not null,                     -- read, write, auth
    day date not null,
    calls int not null,
    primary key (account, integration, run_id, kind, day)
);
create index api_call_day on sync.api_call (account, day)
"""


def upgrade() -> None:
    """Make both tables."""
    op.execute(PACE)


def downgrade() -> None:
    """Remove them."""
    op.execute("drop table sync.api_call; drop table sync.pace")
