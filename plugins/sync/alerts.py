"""What people are told of a run: whether it is news, what failed and why, in figures, ids, field names and codes.

What was last told is kept per DAG, so that a run that stays red sends no second mail and one that recovers sends one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Engine, text

from connectors.errors import PermanentError, RecordsRejectedError, SyncError, TransientError
from sync.database import migrate
from sync.exports import Push, push_of
from sync.rejections import QUIET

State = Literal["ok", "rejected", "stopped", "held", "late"]
REASONS_SHOWN = 10
LINES_SHOWN = 12
LINE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task that failed: the class of its error and what that said; both blank for one that died without a word."""

    task_id: str
    kind: str = ""
    message: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a DAG run ended, as Airflow knows it. `reason` is Airflow's own word for a failure."""

    dag_id: str
    run_id: str
    url: str
    is_success: bool
    reason: str = ""
    failed: tuple[FailedTask, ...] = ()

    def state(self, is_held: bool = False) -> State:
        """Return the state that the integration is in after it; `is_held`: a plan of it waits for a person."""
        if self.is_success:
            return "held" if is_held else "ok"
        kinds = {task.kind for task in self.failed}
        return "rejected" if kinds == {RecordsRejectedError.__name__} else "stopped"


@dataclass(frozen=True, slots=True)
class Summary:
    """What our own tables know of a run. `is_whole`: it covered all that changed, so that its success is a recovery."""

    is_whole: bool = False
    pushed: Mapping[str, int] = field(default_factory=dict)  # how the chosen records of a push went: "worked" → how many
    written: Mapping[str, int] = field(default_factory=dict)  # "contact to_app create" → how many
    failed: int = 0
    planned: int = 0
    rejected: int = 0
    news: int = 0
    waiting: int = 0  # open rejections of the integration, from whichever run
    reasons: tuple[str, ...] = ()
    held: tuple[str, ...] = ()  # why a plan of the integration waits for a person


def describe(error: BaseException) -> dict[str, str]:
    """Return what a failed task leaves behind for the mail; the words of an error that is not ours may hold values and stay out."""
    kind = type(error).__name__
    if isinstance(error, RecordsRejectedError):
        return {"kind": kind, "message": ""}
    if not isinstance(error, SyncError):
        return {"kind": kind, "message": "an error that Lockstep does not know; the log of the task has it in full"}
    lines = [line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…" for line in str(error).splitlines()]
    more = [f"… and {len(lines) - LINES_SHOWN} more lines in the log of the task"] if len(lines) > LINES_SHOWN else []
    return {"kind": kind, "message": "\n".join(lines[:LINES_SHOWN] + more)}


def advice(kind: str) -> str:
    """Return what to do about an error of this class."""
    if kind in _names(TransientError):
        return "Nothing is lost. It may pass by itself: the next run goes on where this one stopped."
    if kind in _names(PermanentError):
        return "A person must act; afterwards clear the task, or wait for the next run."
    return "Nothing is lost. Clear the task: it goes on where it stopped. If it happens again, show the log to an engineer."


def _names(kind: type[BaseException]) -> set[str]:
    return {kind.__name__}.union(*(_names(each) for each in kind.__subclasses__()))


@contextmanager
def change_of_state(engine: Engine, subject: str, state: State, run_id: str = "") -> Iterator[State | None]:
    """Yield the former state of `subject` where `state` is news, else None. Kept as told once the block ends without an error."""
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(
            text("insert into sync.alert (subject) values (:subject) on conflict do nothing"), {"subject": subject}
        )
        query = text("select state from sync.alert where subject = :subject for update")
        former = connection.execute(query, {"subject": subject}).scalar_one()
        yield None if former == state else former
        if former != state:
            connection.execute(
                text("update sync.alert set state = :state, run_id = :run_id, since = now() where subject = :subject"),
                {"state": state, "run_id": run_id, "subject": subject},
            )


def last_told(engine: Engine, subject: str) -> tuple[State, str]:
    """Return the state of `subject` that people know of, and the run that it was told of."""
    with engine.connect() as connection:
        query = text("select state, coalesce(run_id, '') from sync.alert where subject = :subject")
        row = connection.execute(query, {"subject": subject}).one_or_none()
    return ("ok", "") if row is None else (row[0], row[1])


def summarize(engine: Engine, integration: str, run_id: str) -> Summary:
    """Return what our tables know of a run; of one that came to nothing, an empty summary."""
    return _summary(engine, "i.name = :name and b.run_id = :run_id", {"name": integration, "run_id": run_id})


def summarize_plan(engine: Engine, batch_id: int) -> Summary:
    """Return what became of a plan, whichever run carried it out."""
    return _summary(engine, "b.id = :plan", {"plan": batch_id})


def _summary(engine: Engine, condition: str, asked: Mapping[str, Any]) -> Summary:
    with engine.connect() as connection:
        found = text(
            "select b.id, b.integration_id, b.mode, b.params from sync.batch b join sync.integration i on i.id = b.integration_id"
            f" where {condition} order by b.id desc limit 1"
        )
        batch = connection.execute(found, asked).one_or_none()
        if batch is None:
            return Summary()
        values = {"id": batch.id, "integration_id": batch.integration_id, "quiet": list(QUIET)}
        actions = connection.execute(text(ACTIONS), values).all()
        rejected, news, waiting, duplicates = connection.execute(text(REJECTIONS), values).one()
        reasons = connection.execute(text(REASONS), {**values, "limit": REASONS_SHOWN}).all()
        waits = connection.execute(text(WAITS), values).one_or_none()
        push = push_of(connection, batch.id) if batch.mode != "plan" else None
    written = {f"{a.entity} to_{a.side} {a.operation}": a.number for a in actions if a.state == "done"}
    own = {"worked": sum(written.values()), "failed": rejected - duplicates, "duplicates": duplicates}
    is_narrow = batch.params.get("record_ids") or batch.params.get("entities") or batch.params.get("direction", "both") != "both"
    return Summary(
        is_whole=batch.mode != "plan" and not is_narrow,
        pushed={} if push is None else _figures(push) or own,
        written=written,
        failed=sum(a.number for a in actions if a.state in ("failed", "unknown")),
        planned=sum(a.number for a in actions if a.state in ("planned", "approved", "sending")),
        rejected=rejected,
        news=news,
        waiting=waiting,
        reasons=tuple(_reason(row) for row in reasons),
        held=(*waits.reasons, f"Without a decision by {waits.expires_at:%Y-%m-%d %H:%M} UTC nothing of it is done.")
        if waits
        else (),
    )


def _figures(push: Push) -> dict[str, int]:
    """Return the figures of a push of the app's records; none where only Salesforce's were chosen."""
    found = {"worked": push.worked, "failed": push.failed, "duplicates": push.duplicates, "not found": len(push.missing)}
    return {word: number for word, number in found.items() if number or word != "not found"} if any(found.values()) else {}


def _reason(row: Any) -> str:
    more = f" and {row.count - 1} more" if row.count > 1 else ""
    return f"{row.entity} {row.record_id} in {row.side}{more}: {row.kind}"


ACTIONS = """
select entity, side, operation, state, count(*) as number from sync.action where batch_id = :id and operation <> 'agree'
group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
WAITS = """
select a.reasons, a.expires_at from sync.approval a join sync.batch b on b.id = a.batch_id
where b.integration_id = :integration_id and a.state = 'waiting' and a.expires_at > now() order by a.batch_id desc limit 1
"""
_IS_LOUD = "closed_at is null and exists (select 1 from jsonb_array_elements(reasons) x where x->>'code' <> all(:quiet))"
REJECTIONS = f"""
select count(*) filter (where last_batch_id = :id), count(*) filter (where first_batch_id = :id), count(*),
  count(*) filter (where last_batch_id = :id and exists (select 1 from jsonb_array_elements(reasons) x
    where x->>'code' in ('not_unique', 'ambiguous') or x->>'code' ilike '%duplicate%'))
from sync.rejection where integration_id = :integration_id and {_IS_LOUD}
"""
REASONS = f"""
select entity, side, (array_agg(record_id order by r.id))[1] as record_id, count(*) as count, kind
from sync.rejection r, lateral (select string_agg(concat_ws(' ', nullif(x->>'field', ''), '(' || (x->>'code') || ')'), ', ') as kind
  from jsonb_array_elements(reasons) x) as why
where last_batch_id = :id and {_IS_LOUD} group by entity, side, kind
order by bool_or(first_batch_id = :id) desc, count(*) desc, min(r.id) limit :limit
"""
