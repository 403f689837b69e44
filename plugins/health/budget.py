"""The budget of API calls: what this integration and all others have used of each account's allowance today."""

from sqlalchemy import Connection

from health.queries import Row, rows

BUDGET = """
select c.account, sum(c.calls) filter (where c.integration = :name and c.day = current_date)::bigint as here,
  sum(c.calls) filter (where c.day = current_date)::bigint as lockstep, p.used, p.daily_limit, p.per_minute, p.told_at,
  case when p.blocked_until > now() and p.blocked_until < 'infinity' then p.blocked_until end as blocked_until
from sync.api_call c left join sync.pace p on p.account = c.account
where c.day > current_date - 7 and c.account in (select account from sync.api_call where integration = :name)
group by c.account, p.used, p.daily_limit, p.per_minute, p.told_at, p.blocked_until order by c.account
"""


def budget(connection: Connection, name: str) -> list[Row]:
    """Calls of today (the database's day) by account; `used` counts everybody's, as the system told at `told_at`."""
    return rows(connection, BUDGET, name=name)
