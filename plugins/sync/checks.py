"""The single checks of the preflight: what was looked at, and in one line what to do if a run cannot do with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import Account, Connector, Field, NewField
from connectors.errors import AuthError, EditionError, PermanentError, RateLimitError, SyncError, shorten
from sync.database import connect, is_migrated, migrate, reach

State = Literal["ok", "note", "missing", "failed"]
Described = Mapping[str, Field]  # raw name → field

CREATE = "run again with --create (in the DAG: create)"
LOGIN_STEPS = {"host": "answers", "credentials": "accepted", "edition": "has API access", "allowance": "has calls left"}
SALESFORCE_SUFFIX = "__c"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the preflight."""

    state: State
    subject: str
    message: str

    @property
    def is_met(self) -> bool:
        """Tell whether a run can do with it."""
        return self.state in ("ok", "note")

    def __str__(self) -> str:
        """Return the line that people read."""
        return f"{self.state:<8}{self.subject}: {self.message}"


def check_database(url: Callable[[], str], creates: bool) -> Check:
    """Look for the connection, the server, the login and the tables, which `creates` makes."""
    try:
        engine = connect(url())
    except SyncError as error:
        return Check("failed", "database connection", str(error))
    try:
        return _check_tables(engine, creates)
    except SyncError as error:
        return Check("failed", "database", str(error))
    except SQLAlchemyError as error:
        return Check("failed", "database", shorten(str(error)))
    finally:
        engine.dispose()


def _check_tables(engine: Engine, creates: bool) -> Check:
    with reach(engine) as connection:
        if connection.scalar(text("select to_regclass('public.dag_run')")):
            return Check("failed", "database", "lockstep_db is Airflow's own database; create an empty one for Lockstep")
    if is_migrated(engine):
        return Check("ok", "database", "reached, its tables are up to date")
    if not creates:
        return Check("missing", "database", f"its tables are not up to date; {CREATE}, or let the next run make them")
    migrate(engine)
    return Check("ok", "database", "reached, its tables were made")


def check_login(system: str, ping: Callable[[], Account]) -> Iterator[Check]:
    """Log in; yield the steps of it, up to the one that stopped it, and last whom we speak to."""
    try:
        account = ping()
    except SyncError as error:
        steps = list(LOGIN_STEPS)
        stopped = _step_of(error)
        yield from (Check("ok", f"{system} {step}", LOGIN_STEPS[step]) for step in steps[: steps.index(stopped)])
        yield Check("failed", f"{system} {stopped}", str(error))
        return
    yield from (Check("ok", f"{system} {step}", words) for step, words in LOGIN_STEPS.items())
    name = account.id if account.name == account.id else f"{account.name} ({account.id})"
    yield Check("ok", f"{system} org", f"{name}, {'sandbox' if account.is_sandbox else 'production'}")


def _step_of(error: SyncError) -> str:
    kinds = ((EditionError, "edition"), (AuthError, "credentials"), (RateLimitError, "allowance"))
    return next((step for kind, step in kinds if isinstance(error, kind)), "host")


def check_rights(subject: str, is_written: bool, described: Described) -> Check:
    """Tell by the fields whether the user of the connection may do with records what the settings ask for."""
    fields = described.values()
    rights = {"create": any(each.is_createable for each in fields), "edit": any(each.is_updateable for each in fields)}
    lacking = " or ".join(verb for verb, is_given in rights.items() if not is_given)
    if is_written and lacking:
        message = f"the user of the connection may not {lacking} records; give the right, or narrow direction in settings.yaml"
        return Check("failed", subject, message)
    return Check("ok", subject, f"{len(fields)} fields, records can be {'created and edited' if is_written else 'read'}")


def is_custom(connector: Connector, name: str) -> bool:
    """Tell by its name whether people may make the field: those of the vendor are left alone."""
    prefix = connector.custom_prefix
    return name.startswith(prefix) if prefix else name.endswith(SALESFORCE_SUFFIX)


def create(connector: Connector, entity: str, name: str, kind: NewField) -> str:
    """Make a field; return why it could not be made, blank when it is there."""
    plain = name.removeprefix(connector.custom_prefix).removesuffix(SALESFORCE_SUFFIX)
    try:
        connector.create_field(entity, name, plain.upper() if kind == "reference" else plain.replace("_", " "), kind)
    except PermanentError as error:
        return str(error)
    return ""


def check_made(subject: str, kind: NewField, is_there: bool, refusal: str) -> Check:
    """Tell what became of a field that was lacking."""
    if refusal or not is_there:
        return Check("missing", subject, refusal or f"not there, or hidden from the user of the connection; {CREATE}")
    return Check("ok", subject, f"created ({kind.replace('_', ' ')})")


def check_reference(subject: str, found: Field | None, can_be_made: bool, was_lacking: bool) -> Check:
    """Tell whether a cross-reference field is there and can be written."""
    if found is None and not can_be_made:
        return Check("failed", subject, "there is no such field, and it is none that can be made; correct settings.yaml")
    if found is None:
        return Check("missing", subject, f"not there, or hidden from the user of the connection; {CREATE}")
    if not found.is_updateable:
        return Check("failed", subject, "read-only; give the user of the connection the right to edit it")
    return Check("ok", subject, "created, hidden from users" if was_lacking else "there, can be written")
