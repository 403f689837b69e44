"""Notes: what reconcile tells of records that could not be linked, that wait, or whose counterpart is gone."""

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Connection, text

from connectors.forms import label
from sync.batch import Batch
from sync.blocks import duplicate
from sync.database import driver
from sync.decisions import OTHER, SIDES, Decision, Link, Pair
from sync.matching import SHOWN
from sync.merge import UNKNOWN
from sync.rejections import GONE as GONE_THERE
from sync.rejections import WAITS, Rejection, reason, withdraw
from sync.settings import USER, EntitySettings
from sync.siblings import siblings_of

WAITING = """
select case when salesforce_verdict = 'rejected' then 'app' else 'salesforce' end,
  case when salesforce_verdict = 'rejected' then app_id else salesforce_id end
from moved where is_held
"""


def unlinked(connection: Connection, entity: EntitySettings) -> list[Rejection]:
    """Rejections of the newcomers that could not be linked: ambiguous ones and twins of a unique value."""
    connection.execute(text("analyze newcomer, candidate"))
    query = text(
        "with listed as materialized (select 'salesforce' as side, salesforce_id as record_id, array_agg(distinct app_id) as others,"
        "  min(key) as key from candidate group by salesforce_id"
        "  union all select 'app', app_id, array_agg(distinct salesforce_id), min(key) from candidate group by app_id)"
        " select n.side, n.record_id, n.twin_of, n.twin_by, n.blocked_by, c.others, c.key"
        " from newcomer n left join listed c using (side, record_id)"
        " where n.origin <> 'match' and (n.is_ambiguous or n.twin_of is not null or n.blocked_by is not null)"
    )
    rejections = []
    for side, record_id, twin_of, twin_by, blocked_by, others, key in connection.execute(query):
        if blocked_by:
            why = duplicate(blocked_by)
        elif twin_of:
            why = reason(twin_by, "not_unique", f"{twin_by} is already taken by {entity.name} {twin_of}; the app allows it once")
        else:
            candidates = (others or [])[:SHOWN]
            listed = ", ".join(candidates)
            what = "it fits more than one record" if len(candidates) > 1 else "others fit the same record"
            words = f"{what} by {key} (candidates: {listed}); a person must settle it"
            why = reason(key or "", "ambiguous", words) | {"candidates": candidates}
        rejections.append(Rejection(entity.name, side, record_id, "reconcile", [why]))
    return rejections


def withdraw_left_alone(connection: Connection, batch: Batch, entity: EntitySettings) -> None:
    """Take back what this batch's checks said of new records that are left alone: nobody wants to make them, or a sibling has them."""
    query = text(
        "select distinct r.record_id from staging.record r where r.batch_id = :id and r.batch_day = :day and r.entity = :entity"
        " and r.verdict = 'rejected'"
        " and not exists (select 1 from sync.link l where l.integration_id = :integration_id and l.entity = :entity"
        "  and r.side = 'salesforce' and l.salesforce_id = r.record_id)"
        " and not exists (select 1 from sync.link l where l.integration_id = :integration_id and l.entity = :entity"
        "  and r.side = 'app' and l.app_id = r.record_id)"
        " and (r.side = any(:left_alone) or r.side = 'app' and exists (select 1 from sync.link l"
        "  where l.integration_id = :integration_id and l.entity = any(:siblings) and l.app_id = r.record_id))"
    )
    values = {
        "id": batch.id, "day": batch.day, "integration_id": batch.integration_id, "entity": entity.name,
        "left_alone": [side for side in SIDES if entity.writes_to(OTHER[side]) and not entity.creates_on(OTHER[side])],
        "siblings": list(siblings_of(batch.integration.settings, entity)),
    }  # fmt: skip
    if values["left_alone"] or values["siblings"]:
        found = connection.execute(query, values).scalars().all()
        for stage in ("map", "validate"):
            withdraw(connection, batch, stage, entity.name, found)


def held(connection: Connection, entity: EntitySettings) -> list[Rejection]:
    """Notes for records whose counterpart is rejected: what it holds by now is not agreed, so that neither is written."""
    words = "its counterpart is rejected and must be mended first"
    rows = driver(connection).execute(WAITING.encode())
    return [Rejection(entity.name, side, record_id, "reconcile", [reason("", WAITS, words)]) for side, record_id in rows]


def orphans(batch: Batch, entity: EntitySettings, decisions: Iterable[Decision]) -> Iterator[Rejection]:
    """Notes for records whose counterpart was deleted. Where we deleted it ourselves a person has to say how to go on."""
    for decision in decisions:
        if (side := decision.orphan) is None:
            continue
        link = decision.actions[0].link
        other = OTHER[side]
        system = label(batch.integration.settings.app) if other == "app" else "Salesforce"
        what = f"its counterpart {link.id_on(other)} in {system} was deleted"
        if decision.merged_into:
            yield Rejection(entity.name, side, str(link.id_on(side)), "reconcile", [_merged(link, decision.merged_into, system)])
            continue
        goes_on = "The two go on together once it is restored there, or once a new one is made there that matches"
        if link.is_removed:
            why = reason("", "undeleted", f"{what} with it, and is not created again by itself. {goes_on}")
        else:
            why = reason("", GONE_THERE, f"{what} there, so changes no longer go there. {goes_on}")
        yield Rejection(entity.name, side, str(link.id_on(side)), "reconcile", [why])


def waiting(
    entity: EntitySettings, references: Mapping[str, str], pairs: list[Pair], decisions: list[Decision]
) -> Iterator[Rejection]:
    """Notes for records that went on without a reference, because its target has no counterpart yet, or that wait for it.

    An owner that is linked to nobody is noted only where the record waits for one.
    """
    for pair, decision in zip(pairs, decisions, strict=True):
        for side in SIDES if decision.waiting else ():
            seen = pair.app if side == "app" else pair.salesforce
            told = [name for name in decision.waiting if references[name] != USER or not decision.actions]
            names = [name for name in told if seen and seen.fields.get(name) is UNKNOWN]
            if seen and names:
                then = "it went on without" if decision.actions else "it waits for that"
                reasons = [reason(n, WAITS, f"its {references[n]} has no counterpart yet; {then}") for n in names]
                yield Rejection(entity.name, side, seen.id, "reconcile", reasons)


def _merged(link: Link, stands: str, system: str) -> dict[str, str]:
    words = (
        f"its counterpart {link.salesforce_id} went up in {stands} in {system}, which has a record of its own here:"
        " the two are one by now and should be merged here as well, or one of them deleted"
    )
    return reason("", "merged", words)
