"""The state of the sync (schema `sync`) and the staging tables (schema `staging`)."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATE = """
create schema sync;
create schema staging;

-- Salesforce org + app account: links and watermarks of two orgs never mix.
create table sync.integration (
    id int generated always as identity primary key,
    name text not null,
    org_id text not null,
    account_id text not null,
    is_sandbox boolean not null default false,
    enabled_at timestamptz not null default now(),
    unique (name, org_id, account_id)
);

create table sync.batch (
    id bigint generated always as identity primary key,
    integration_id int not null references sync.integration,
    run_id text not null,
    mode text not null check (mode in ('sync', 'plan', 'backfill')),
    params jsonb not null default '{}',
    mapping_digest text not null,
    state text not null default 'open'
        check (state in ('open', 'idle', 'done', 'partial', 'planned', 'failed')),
    reads jsonb not null default '{}',      -- entity -> side -> {since, server_time, count, error}
    counts jsonb not null default '{}',     -- stage -> counts
    started_at timestamptz not null default now(),
    ended_at timestamptz
);
create index batch_run on sync.batch (run_id, id desc);
create index batch_integration on sync.batch (integration_id, id desc);

-- The mapping files as they were, by digest: what a run used can be read back, and a run never mixes two versions.
create table sync.mapping (
    digest text primary key,
    files jsonb not null,                   -- file name -> content, hexadecimal (files may be UTF-16)
    first_used_at timestamptz not null default now()
);

-- What the live systems said of their fields when last asked.
create table sync.schema (
    integration_id int not null references sync.integration,
    entity text not null,
    side text not null,
    fields jsonb not null,
    read_at timestamptz not null default now(),
    primary key (integration_id, entity, side)
);

create table sync.watermark (
    integration_id int not null references sync.integration,
    entity text not null,
    side text not null check (side in ('salesforce', 'app')),
    value timestamptz not null,
    batch_id bigint not null references sync.batch,
    primary key (integration_id, entity, side)
);

-- Two ids that are one thing. `base`: the values Salesforce was last settled on; `app_base`: only what the app settled differently.
create table sync.link (
    id bigint generated always as identity primary key,
    integration_id int not null references sync.integration,
    entity text not null,
    salesforce_id text,
    app_id text,
    base jsonb not null default '{}',
    app_base jsonb not null default '{}',
    salesforce_digest text,
    app_digest text,
    state text not null default 'pending' check (state in ('pending', 'live', 'tombstone', 'broken')),
    batch_id bigint,
    updated_at timestamptz not null default now()
);
create unique index link_salesforce on sync.link (integration_id, entity, salesforce_id);
create unique index link_app on sync.link (integration_id, entity, app_id);
create index link_tombstone on sync.link (integration_id, entity) where state = 'tombstone';
create index link_pending on sync.link (integration_id, entity) where state = 'pending';

-- The plan, the outbox, the history and the journal for undo.
create table sync.action (
    id bigint generated always as identity primary key,
    batch_id bigint not null references sync.batch,
    integration_id int not null references sync.integration,
    entity text not null,
    position int not null,                  -- order of sending: entity, then operation
    side text not null check (side in ('salesforce', 'app')),
    operation text not null check (operation in ('create', 'update', 'delete', 'agree')),
    link_id bigint,
    salesforce_id text,
    app_id text,
    fields jsonb not null default '{}',     -- common field -> [old, new]
    extra jsonb not null default '{}',      -- raw field -> value; {"id_of": side} is bound when sent
    settles jsonb not null default '{}',    -- what the link stands on once this is done
    rule text not null default '',
    state text not null default 'planned'
        check (state in ('planned', 'approved', 'sending', 'done', 'failed', 'skipped', 'unknown')),
    attempts int not null default 0,
    code text not null default '',
    message text not null default '',
    planned_at timestamptz not null default now(),
    sent_at timestamptz,
    ended_at timestamptz
);
create index action_batch on sync.action (batch_id, position, id);
create index action_link on sync.action (link_id);
create index action_unsettled on sync.action (integration_id) where state in ('sending', 'unknown');
create index action_recent on sync.action (integration_id, entity, id desc);

create table sync.conflict (
    id bigint generated always as identity primary key,
    batch_id bigint not null references sync.batch,
    integration_id int not null references sync.integration,
    entity text not null,
    link_id bigint not null,
    salesforce_id text,
    app_id text,
    field text not null,
    base jsonb,
    salesforce_value jsonb,
    app_value jsonb,
    decision text not null,                 -- salesforce, app, merged, ask
    rule text not null,
    noted_at timestamptz not null default now()
);
create index conflict_link on sync.conflict (link_id);
create index conflict_batch on sync.conflict (batch_id);

-- A record that cannot go on. One open row per record; `raw` brings it back into a later batch without a call.
create table sync.rejection (
    id bigint generated always as identity primary key,
    integration_id int not null references sync.integration,
    entity text not null,
    side text not null check (side in ('salesforce', 'app')),
    record_id text not null,
    stage text not null check (stage in ('map', 'validate', 'reconcile', 'load')),
    reasons jsonb not null,                 -- [{"field", "code", "reason"}]
    raw jsonb not null,
    modified_at timestamptz not null,
    mapping_digest text not null,
    attempts int not null default 1,
    retry_at timestamptz,                   -- load: not tried again before
    first_batch_id bigint not null references sync.batch,
    last_batch_id bigint not null references sync.batch,
    opened_at timestamptz not null default now(),
    closed_at timestamptz
);
create unique index rejection_open on sync.rejection (integration_id, entity, side, record_id) where closed_at is null;
"""

STAGING = """
create table staging.raw (
    batch_id bigint not null,
    batch_day date not null,
    integration_id int not null,
    entity text not null,
    side text not null,
    record_id text not null,
    modified_at timestamptz not null,
    is_deleted boolean not null,
    origin text not null,                   -- change, match, request, retry
    digest text not null,
    raw json not null
) partition by range (batch_day);
create index raw_record on staging.raw (integration_id, entity, side, record_id, batch_id);

create table staging.record (
    batch_id bigint not null,
    batch_day date not null,
    integration_id int not null,
    entity text not null,
    side text not null,
    record_id text not null,
    modified_at timestamptz not null,
    is_deleted boolean not null,
    origin text not null,
    digest text not null,
    reference text,                         -- the id of the other side, as the record carries it
    verdict text not null,                  -- valid, rejected
    fields jsonb not null
) partition by range (batch_day);
create index record_batch on staging.record (batch_id, entity, side, record_id);
"""


def upgrade() -> None:
    """Create everything."""
    op.execute(STATE)
    op.execute(STAGING)


def downgrade() -> None:
    """Remove everything: links, history and staging are lost."""
    op.execute("drop schema staging cascade; drop schema sync cascade")
