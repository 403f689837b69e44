"""Tells whether a text is a value of a type, also where Postgres itself cannot say so (before 16)."""

from alembic import op
from sqlalchemy import text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FIRST_THAT_KNOWS = 160000
ASKED = """
create function sync.is_valid_input(value text, kind text) returns boolean language sql stable parallel safe as $$
  select pg_input_is_valid(value, kind)
$$
"""
TRIED = """
create function sync.is_valid_input(value text, kind text) returns boolean language plpgsql stable as $$
begin
  if value is null then return null; end if;
  execute format('select %L::%s', value, kind::regtype);
  return true;
exception when data_exception then return false;
end $$
"""


def upgrade() -> None:
    """Make the function in the way that this server allows; a later upgrade of Postgres leaves it right, only slower."""
    version = int(op.get_bind().scalar(text("select current_setting('server_version_num')")))
    op.execute(ASKED if version >= FIRST_THAT_KNOWS else TRIED)


def downgrade() -> None:
    """Remove it."""
    op.execute("drop function sync.is_valid_input(text, text)")
