"""Erasing people: what was asked and done, and the keyed hashes by which nobody erased comes in again."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ERASURE = """
create table sync.erasure (
    id bigint generated always as identity primary key,
    code text not null unique,              -- names what a plan has found, by a keyed hash
    state text not null default 'running' check (state in ('running', 'left', 'done')),
    asked_by text not null,
    run_id text not null,
    working jsonb not null default '{}',    -- whom it is about, only as long as something is left to do
    report jsonb not null default '{}',     -- the proof: ids and counts, nothing that names a person
    asked_at timestamptz not null default now(),
    ended_at timestamptz
);
create table sync.erased (
    hash text primary key,                  -- of an address or of a record's id, under the key of the block list
    kind text not null check (kind in ('email', 'record')),
    key_mark text not null,                 -- tells whether the key is still the same
    erasure_id bigint not null references sync.erasure,
    erased_at timestamptz not null default now()
)
"""


def upgrade() -> None:
    """Make both tables."""
    op.execute(ERASURE)


def downgrade() -> None:
    """Remove them: who was erased may come in again."""
    op.execute("drop table sync.erased; drop table sync.erasure")
