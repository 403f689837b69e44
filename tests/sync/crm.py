"""Two systems in memory between which contacts and leads of Salesforce are the contacts of one app, under settings of the test's own."""

from pathlib import Path

from sqlalchemy import Engine

from connectors.contract import Field
from connectors.memory import MemoryConnector
from pipeline import QUICK, Pipeline

HEAD = "salesforce_field,app_field,direction,transform,on_conflict,on_empty,overwrite,default,required,note\n"
ROWS = f"{HEAD}LastName,name,both,,,,,,,\nEmail,email,both,email,,,,,,\nPhone,phone,both,,,,,,,\nScore__c,score,both,,,,,,,\n"
TOP = "app: activecampaign\nhistory: all\non_rejected: succeed\nguard: {first_run: go}\nentities:\n"
CONTACT = "reference: {salesforce: CRMID__c, app: [sfid]}, match: [email]"
LEAD = f"app: contact, {CONTACT}"
TAGS = "field: tags, revives_only_marked: yes, on_conversion: converted"
CONTACT_MARKS = f"marks: {{{TAGS}, from_app: added-contact, from_salesforce: created-contact}}"
LEAD_MARKS = f"marks: {{{TAGS}, from_app: added-lead, from_salesforce: created-lead}}"
SALESFORCE = [Field(name, name, "text", 255) for name in ("LastName", "Email", "Phone", "Score__c", "CRMID__c", "LeadSource")]
SALESFORCE.append(Field("Gone__c", "Gone", "boolean"))
APP = [Field(name, name, "text", 255) for name in ("name", "email", "phone", "score", "sfid")]
APP.append(Field("tags", "tags", "tags"))


def crm(engine: Engine, folder: Path, **entities: str) -> Pipeline:
    """A pipeline between empty systems with these entities: name → the keys of its section. Watermarks stand from the start."""
    folder.mkdir(exist_ok=True)
    sections = "".join(f"  {name}: {{{keys}}}\n" for name, keys in entities.items())
    (folder / "settings.yaml").write_text(TOP + sections)
    for name in entities:
        (folder / f"{name}.csv").write_text(ROWS)
    fields = dict.fromkeys(("contact", "lead"), SALESFORCE)
    connectors = {
        "salesforce": MemoryConnector("salesforce", fields=fields, external_id_fields=dict.fromkeys(fields, "CRMID__c")),
        "app": MemoryConnector("app", fields={"contact": APP}),
    }
    pipeline = Pipeline(engine, folder, connectors, stages=QUICK)  # type: ignore[arg-type]
    pipeline.run()
    return pipeline


def both(pipeline: Pipeline) -> tuple[MemoryConnector, MemoryConnector]:
    """Salesforce and the app of a pipeline in memory."""
    salesforce, app = pipeline.connectors["salesforce"], pipeline.connectors["app"]
    assert isinstance(salesforce, MemoryConnector)
    assert isinstance(app, MemoryConnector)
    return salesforce, app


def links(pipeline: Pipeline) -> list[tuple[str, str | None, str | None, str]]:
    """All links: entity, Salesforce id, app id, state."""
    rows = pipeline.rows("select entity, salesforce_id, app_id, state from sync.link order by id")
    return [(row.entity, row.salesforce_id, row.app_id, row.state) for row in rows]


def codes(pipeline: Pipeline) -> dict[str, list[str]]:
    """The codes of open rejections by record id."""
    rows = pipeline.rows("select record_id, reasons from sync.rejection where closed_at is null")
    return {row.record_id: [reason["code"] for reason in row.reasons] for row in rows}


def writes(pipeline: Pipeline) -> int:
    """How many writes both systems have seen."""
    return sum(connector.writes_seen for connector in both(pipeline))
