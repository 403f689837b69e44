"""Drive the five stages as the DAG does, over any pair of connectors."""

import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from connectors.connection import Settings
from connectors.contract import Connector, Field
from connectors.memory import MemoryConnector
from connectors.opening import build_connector
from sandbox.client import SandboxClient
from sync.batch import Request
from sync.partitions import ensure_partitions
from sync.settings import Side
from sync.stages import STAGES, run_stage

QUICK = ("extract", "map", "reconcile", "load")  # without the data-quality checks
SHIPPED = Path(__file__).parents[2] / "include" / "mappings"


@dataclass
class Pipeline:
    """One integration between two connectors. `folder` is a copy of the shipped mapping that a test may change."""

    engine: Engine
    folder: Path
    connectors: Mapping[Side, Connector]
    stages: tuple[str, ...] = STAGES
    runs: int = 0
    run_id: str = "run-0"
    counts: dict[str, Any] = field(default_factory=dict)

    def run(self, *, stages: tuple[str, ...] = (), run_id: str | None = None, **request: Any) -> dict[str, Any]:
        """Run the stages of one run; an extract that finds nothing ends it. Returns the counts by stage."""
        self.runs += run_id is None
        self.run_id = run_id or f"run-{self.runs}"
        self.counts = {}
        for name in stages or self.stages:
            self.counts[name] = self.stage(name, **request)
            if name == "extract" and not self.counts[name]["total"]:
                break
        return self.counts

    def stage(self, name: str, **request: Any) -> dict[str, Any]:
        """Run one stage of the present run, as a task does that is cleared."""
        return run_stage(name, self.engine, self.folder, self.run_id, Request(**request), lambda _: self.connectors)

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Return the rows of a query on the state."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), values).all())

    def change(self, file: str, old: str, new: str) -> None:
        """Edit a mapping file as the data team would."""
        path = self.folder / file
        content = path.read_text()
        assert old in content
        path.write_text(content.replace(old, new))


def shipped_folder(app: str, tmp_path: Path) -> Path:
    """A copy of the shipped mapping folder of `app`, whose first run waits for nobody."""
    folder = tmp_path / app
    shutil.copytree(SHIPPED / app, folder)
    with (folder / "settings.yaml").open("a") as settings:
        settings.write("\nguard: {first_run: go}\n")
    return folder


def _fields(*names: str, **types: Any) -> list[Field]:
    texts = [Field(name, name, "text", 255) for name in names]
    return texts + [Field(name, name, kind, 255 if kind in ("email", "phone") else 0) for name, kind in types.items()]


SALESFORCE_FIELDS = {
    "account": _fields("Name", "FDACCOUNTID__c", "Description"),
    "contact": _fields(
        "FirstName", "LastName", "Title", "MailingStreet", "MailingPostalCode", "MailingCity", "MailingCountry", "Description",
        "FDCONTACTID__c", "Freshdesk_Tags__c", Email="email", MobilePhone="phone", Phone="phone", AccountId="reference",
    ),
}  # fmt: skip
APP_FIELDS = {
    "account": _fields("name", "description", "custom_fields.sfaccountid"),
    "contact": _fields(
        "name", "job_title", "address", "description", "custom_fields.sfcontactid", "unique_external_id",
        email="email", mobile="phone", phone="phone", company_id="reference", tags="tags",
    ),
}  # fmt: skip


def memory_pair() -> dict[Side, Connector]:
    """Salesforce and Freshdesk in memory, with the fields that the shipped mapping names."""
    references = {"account": "FDACCOUNTID__c", "contact": "FDCONTACTID__c"}
    return {
        "salesforce": MemoryConnector("salesforce", fields=SALESFORCE_FIELDS, external_id_fields=references),
        "app": MemoryConnector(
            "app", fields=APP_FIELDS, unique={"account": frozenset({"name"}), "contact": frozenset({"email"})}
        ),
    }


def forget_staging(engine: Engine) -> None:
    """Drop all partitions of the staging tables, as the days do."""
    partitions = "select inhrelid::regclass::text from pg_inherits where inhparent::regclass::text like 'staging.%'"
    with engine.begin() as connection:
        for name in connection.execute(text(partitions)).scalars().all():
            if name.count("_") == 1:
                connection.execute(text(f"drop table if exists {name}"))


EMPTY = """
do $$
declare tables text[] := array(select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'sync');
declare name text;
begin
  execute format('lock table %s in exclusive mode', array_to_string(tables, ', '));  -- waits for whoever still writes
  set local session_replication_role = replica;  -- all are emptied, so no reference need be followed
  foreach name in array tables loop
    execute 'delete from ' || name;
  end loop;
  perform setval(format('%I.%I', schemaname, sequencename), start_value, false) from pg_sequences where schemaname = 'sync';
end $$
"""


def empty(engine: Engine) -> None:
    """Forget everything. A tenth of the time of a truncate, which makes new files for every table and index."""
    with engine.begin() as connection:
        connection.execute(text(EMPTY))
    forget_staging(engine)


def grow_old(engine: Engine, age: timedelta) -> None:
    """Let all batches have been so much earlier, with what they have staged and linked."""
    with engine.begin() as connection:
        for column in ("sync.batch set started_at = started_at", "sync.link set updated_at = updated_at"):
            connection.execute(text(f"update {column} - :age"), {"age": age})
        days = connection.execute(text("select distinct started_at::date from sync.batch")).scalars().all()
    for day in days:
        ensure_partitions(engine, day)
    with engine.begin() as connection:
        for table in ("raw", "record"):
            connection.execute(
                text(
                    f"update staging.{table} s set batch_day = b.started_at::date from sync.batch b"
                    " where b.id = s.batch_id and s.batch_day <> b.started_at::date"
                )
            )


def names(app: MemoryConnector) -> list[str]:
    """The names of all live contacts of the app."""
    return sorted(raw["name"] for raw in app.live("contact").values())


@dataclass
class World(Pipeline):
    """A pipeline between two sandbox servers, and what a person does in them."""

    salesforce: SandboxClient = None  # type: ignore[assignment]
    app: SandboxClient = None  # type: ignore[assignment]

    def writes(self) -> int:
        """Write calls that both servers have counted."""
        return sum(int(server.calls()["write"]) for server in (self.salesforce, self.app))

    def contact(self, **fields: Any) -> str:
        """Put a contact into Salesforce."""
        return str(self.salesforce.insert("Contact", [{"LastName": "Lind", **fields}])[0])

    def desk_contact(self, **fields: Any) -> int:
        """Put a contact into Freshdesk."""
        return int(self.app.insert("contacts", [fields])[0])

    def account(self, name: str, **fields: Any) -> str:
        """Put an account into Salesforce."""
        return str(self.salesforce.insert("Account", [{"Name": name, **fields}])[0])

    def company(self, name: str, **fields: Any) -> int:
        """Put a company into Freshdesk."""
        return int(self.app.insert("companies", [{"name": name, **fields}])[0])

    def edit(self, record_id: str | int, **fields: Any) -> None:
        """Change a contact, in the system that the id belongs to, as a person does there."""
        if isinstance(record_id, str):
            self.salesforce.edit("Contact", record_id, fields)
        else:
            self.app.edit("contacts", record_id, fields)

    def snapshot(self) -> dict[str, Any]:
        """Everything a rerun must leave as it is: both systems' records, links, conflicts, rejections."""
        kinds = {"Account": self.salesforce, "Contact": self.salesforce, "companies": self.app, "contacts": self.app}
        records = {kind: server.records(kind, with_deleted=True) for kind, server in kinds.items()}
        queries = {
            "links": "select entity, salesforce_id, app_id, state, base, app_base from sync.link where state <> 'pending' order by 1, 2",
            "conflicts": "select salesforce_id, field, base, salesforce_value, app_value, decision from sync.conflict order by id",
            "rejections": "select entity, side, record_id, stage, reasons, closed_at from sync.rejection order by record_id",
            "watermarks": "select entity, side, value from sync.watermark order by 1, 2",
        }
        return records | {name: [tuple(row) for row in self.rows(query)] for name, query in queries.items()}

    def later(self, seconds: float = 60) -> None:
        """Let `seconds` pass in both systems: what was written before is no longer of the moment at which the next run reads."""
        for server in (self.salesforce, self.app):
            server.clock(seconds)

    def hurry(self, seconds: float = 0.2) -> None:
        """Give up on calls that fail after `seconds`."""
        self.connectors = freshdesk_connectors(self.salesforce.url, self.app.url, total_seconds=seconds)

    def linked_contact(self, **fields: Any) -> tuple[str, int]:
        """Put a contact into Salesforce, run, and return its id with that of the Freshdesk contact made for it."""
        contact = self.contact(**{"FirstName": "Mara", "Email": "mara@nordwerk.example", **fields})
        self.run()
        return contact, int(self.partner("contact", contact))

    def desk(self, record_id: str | int) -> dict[str, Any]:
        """A contact as Freshdesk has it, by its own id or that of its Salesforce contact."""
        return self.get("contacts", self.partner("contact", record_id) if isinstance(record_id, str) else record_id)

    def person(self, record_id: str | int) -> dict[str, Any]:
        """A contact as Salesforce has it, by its own id or that of its Freshdesk contact; empty fields are None."""
        found = self.get("Contact", record_id if isinstance(record_id, str) else self.partner("contact", record_id))
        return defaultdict(lambda: None, found)

    def contact_totals(self) -> tuple[int, int]:
        """How many contacts Salesforce and Freshdesk have."""
        return len(self.salesforce.records("Contact")), len(self.app.records("contacts"))

    def add_rows(self, *rows: str, file: str = "contact.csv") -> None:
        """Append rows to a mapping file as the data team would; cells left out are empty."""
        path = self.folder / file
        path.write_text(path.read_text() + "".join(f"{row}{',' * (9 - row.count(','))}\n" for row in rows))

    def assert_settled(self) -> None:
        """Run twice more: nothing is written, and the last run ends after its first task."""
        before = self.writes()
        self.run()
        assert self.writes() == before, self.rows(
            "select side, operation, fields, rule from sync.action order by id desc limit 3"
        )
        assert set(self.run()) == {"extract"}
        assert self.writes() == before

    def get(self, kind: str, key: Any) -> dict[str, Any]:
        """One record as its server holds it."""
        server = self.salesforce if kind[0].isupper() else self.app
        id_field = "Id" if kind[0].isupper() else "id"
        return next(row for row in server.records(kind, with_deleted=True) if str(row[id_field]) == str(key))

    def partner(self, entity: str, record_id: Any) -> Any:
        """The id that a record is linked with on the other side, None without a link."""
        rows = self.rows(
            "select salesforce_id, app_id from sync.link where entity = :entity and :id in (salesforce_id, app_id)",
            entity=entity,
            id=str(record_id),
        )
        return next((other for row in rows for other in row if other != str(record_id)), None)

    def rejections(self) -> dict[str, list[str]]:
        """The codes of open rejections by record id."""
        rows = self.rows("select record_id, reasons from sync.rejection where closed_at is null")
        return {record_id: sorted(reason["code"] for reason in reasons) for record_id, reasons in rows}


def build_salesforce(address: str, **options: Any) -> Connector:
    """A real connector to the Salesforce at `address`, with the cross-references of Freshdesk."""
    login = {"domain": "nordwerk.my", "consumer_key": "SANDBOX_CONSUMER_KEY", "consumer_secret": "sandbox-consumer-secret"}
    references = {"account": "FDACCOUNTID__c", "contact": "FDCONTACTID__c"}
    return build_connector("salesforce", Settings(host=address, extra=login), external_id_fields=references, **options)


def freshdesk_connectors(salesforce: str, freshdesk: str, domain: str = "nordwerk", **options: Any) -> dict[Side, Connector]:
    """Real connectors to these addresses, built from the values of a connection as Airflow would hand them over."""
    desk = Settings(host=freshdesk, password="sandbox-freshdesk-key", extra={"domain": domain})
    return {
        "salesforce": build_salesforce(salesforce, **options),
        "app": build_connector("freshdesk", desk, **options),
    }


def freshdesk_world(engine: Engine, folder: Path, salesforce: SandboxClient, freshdesk: SandboxClient) -> World:
    """A world between both servers, with the shipped mapping in `folder`; a run does not fail for rejected records."""
    connectors = freshdesk_connectors(salesforce.url, freshdesk.url)
    world = World(engine, folder, connectors, salesforce=salesforce, app=freshdesk)
    world.change("settings.yaml", "overlap_minutes: 10", "overlap_minutes: 10\non_rejected: succeed")
    return world
