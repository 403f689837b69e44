"""Users: who owns records in both systems, linked by users.csv, else by e-mail address, else by a name that is unique.

The pairs are links of the entity `user`. One more link, of the entity `default user`, stands for everybody who has no counterpart.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, text

from connectors.contract import Connector, User
from connectors.errors import MappingError, RateLimitError, SyncError, TransientError
from sync.batch import Batch, note_counts
from sync.database import to_json
from sync.settings import FILE, SIDES, USER, Settings, Side

DEFAULT_USER = "default user"
log = logging.getLogger(__name__)
People = Mapping[Side, Sequence[User]]


def read_users(batch: Batch, connectors: Mapping[Side, Connector]) -> None:
    """Link the users of both systems anew, where a row of the batch's mappings has owners; who is linked to nobody is noted.

    A system that does not tell its users leaves the links as they are. Raises MappingError where nobody is the default user named.
    """
    rows = [row for entity in batch.entities() for row in batch.integration.mappings[entity.name].rows]
    if not any(row.transform.common_type == "reference" and row.transform.argument == USER for row in rows):
        return
    try:
        people: dict[Side, Sequence[User]] = {side: connectors[side].users() for side in SIDES}
    except (RateLimitError, TransientError):
        raise
    except SyncError as error:
        log.warning("%s: the users were not read, owners stay linked as they were: %s", batch.name, error)
        return
    people["app"] = people["app"] or [replace(user, id=user.email.casefold()) for user in people["salesforce"] if user.email]
    pairs = pair_users(people, batch.integration.users)
    default = _default_ids(batch.integration.settings, people)
    with batch.engine.begin() as connection:
        _store(connection, batch, pairs)
        _store_default(connection, batch, default)
        linked = {side: {pair[place].id for pair in pairs} for place, side in enumerate(SIDES)}
        unlinked = {
            side: sorted(u.name or u.email for u in people[side] if u.is_active and u.id not in linked[side]) for side in SIDES
        }
        note_counts(connection, batch, "users", {"linked": len(pairs), "unlinked": unlinked})


def pair_users(people: People, by_hand: Mapping[str, str]) -> list[tuple[User, User]]:
    """Return pairs of a Salesforce user and an app user, each in one pair at most; active users come first."""
    free = {side: sorted(people[side], key=lambda user: not user.is_active) for side in SIDES}
    pairs: list[tuple[User, User]] = []

    def take(salesforce: User | None, app: User | None) -> None:
        if salesforce in free["salesforce"] and app in free["app"] and salesforce and app:
            free["salesforce"].remove(salesforce)
            free["app"].remove(app)
            pairs.append((salesforce, app))

    for salesforce_name, app_name in by_hand.items():
        take(find_user(free["salesforce"], salesforce_name), find_user(free["app"], app_name))
    for user in list(free["salesforce"]):
        take(user, next((u for u in free["app"] if user.email and u.email.casefold() == user.email.casefold()), None))
    for user in list(free["salesforce"]):
        mine, theirs = _named(people["salesforce"], user.name), _named(free["app"], user.name)
        take(user, theirs[0] if len(mine) == len(theirs) == 1 else None)
    return pairs


def find_user(people: Iterable[User], word: str) -> User | None:
    """Return the user whom an id, an e-mail address or a unique name means."""
    people = list(people)
    by_word = [[user for user in people if word in (user.id, user.id[:15])]]
    by_word.append([user for user in people if user.email.casefold() == word.casefold()])
    by_word.append(_named(people, word))
    return next((found[0] for found in by_word if len(found) == 1), None)


def _named(people: Iterable[User], name: str) -> list[User]:
    return [user for user in people if name.strip() and user.name.strip().casefold() == name.strip().casefold()]


def _default_ids(settings: Settings, people: People) -> dict[str, str | None]:
    found: dict[str, str | None] = dict.fromkeys(SIDES)
    for side in SIDES:
        name = settings.default_users.get(side)
        user = find_user(people[side], name) if name else None
        if name and (user is None or not user.is_active):
            line, column = settings.place("users", "default", side)
            why = "is not active" if user else "is nobody"
            message = f"'{name[:60]}' {why} in {side}; name an active user by id, e-mail address or name"
            raise MappingError([f"{FILE}:{line}:{column}: users.default.{side}: {message}"])
        found[side] = user.id if user else None
    return found


def _store(connection: Connection, batch: Batch, pairs: Sequence[tuple[User, User]]) -> None:
    """Keep the links of pairs that are as they were, for records were settled on them; take the others away."""
    rows = [
        {
            "id": batch.integration_id, "entity": USER, "salesforce": mine.id, "app": theirs.id, "batch_id": batch.id,
            "base": to_json({"name": mine.name or theirs.name, "inactive": _inactive(mine, theirs)}),
        }
        for mine, theirs in pairs
    ]  # fmt: skip
    listed: dict[str, list[str]] = {side: [str(row[side]) for row in rows] for side in SIDES}
    connection.execute(
        text(
            "delete from sync.link l where integration_id = :id and entity = :entity and not exists (select 1"
            " from unnest(cast(:salesforce as text[]), cast(:app as text[])) p(s, a) where p.s = l.salesforce_id and p.a = l.app_id)"
        ),
        {"id": batch.integration_id, "entity": USER, **listed},
    )
    if rows:
        connection.execute(
            text(
                "insert into sync.link (integration_id, entity, salesforce_id, app_id, base, state, batch_id)"
                " values (:id, :entity, :salesforce, :app, cast(:base as jsonb), 'live', :batch_id)"
                " on conflict (integration_id, entity, salesforce_id) do update set base = excluded.base, updated_at = now()"
                " where link.base <> excluded.base"
            ),
            rows,
        )


def _inactive(mine: User, theirs: User) -> list[Side]:
    return [side for side, user in zip(SIDES, (mine, theirs), strict=True) if not user.is_active]


def _store_default(connection: Connection, batch: Batch, ids: Mapping[str, str | None]) -> None:
    """Keep one link for the default users, whoever they are, and remember who they were: what fell to them has not moved since."""
    values = {"id": batch.integration_id, "entity": DEFAULT_USER, "batch_id": batch.id, **ids}
    changed = connection.execute(
        text(
            "update sync.link set salesforce_id = :salesforce, app_id = :app, updated_at = now(), base = jsonb_build_object("
            + ", ".join(
                f"'{side}', (select coalesce(jsonb_agg(distinct x), '[]') from jsonb_array_elements(base->'{side}'"
                f" || to_jsonb(array_remove(array[cast(:{side} as text)], null))) x)"
                for side in SIDES
            )
            + ") where integration_id = :id and entity = :entity"
        ),
        values,
    )
    if not changed.rowcount:
        base = to_json({side: [each] if each else [] for side, each in ids.items()})
        connection.execute(
            text(
                "insert into sync.link (integration_id, entity, salesforce_id, app_id, base, state, batch_id)"
                " values (:id, :entity, :salesforce, :app, cast(:base as jsonb), 'live', :batch_id)"
            ),
            {**values, "base": base},
        )
