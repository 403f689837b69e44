"""The shipped mapping and a wrong one held against the fields that both sandbox systems describe over HTTP."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from folders import HEADER, write

from connectors.connection import Settings
from connectors.contract import Connector, Field
from connectors.opening import build_connector
from sandbox.running import serve
from sync import lint, mapping

SHIPPED = Path(__file__).parents[2] / "include/mappings/freshdesk"
LOGIN = {"domain": "nordwerk.my", "consumer_key": "SANDBOX_CONSUMER_KEY", "consumer_secret": "sandbox-consumer-secret"}
Described = tuple[Mapping[str, Sequence[Field]], Mapping[str, Sequence[Field]]]


def describe(connector: Connector) -> dict[str, Sequence[Field]]:
    """Return the live fields of both entities."""
    return {entity: connector.describe(entity) for entity in ("account", "contact")}


@pytest.fixture(scope="module")
def live() -> Iterator[tuple[Described, Described]]:
    """What both systems describe before and after the cross-reference fields were created."""
    with serve("salesforce") as crm, serve("freshdesk") as desk:
        salesforce = build_connector("salesforce", Settings(host=crm.url, extra=LOGIN))
        app = build_connector(
            "freshdesk", Settings(host=desk.url, password="sandbox-freshdesk-key", extra={"domain": "nordwerk"})
        )
        before = describe(salesforce), describe(app)
        salesforce.create_field("account", "FDACCOUNTID__c", "Freshdesk company id")
        salesforce.create_field("contact", "FDCONTACTID__c", "Freshdesk contact id")
        app.create_field("account", "sfaccountid", "SFACCOUNTID")
        app.create_field("contact", "sfcontactid", "SFCONTACTID")
        yield before, (describe(salesforce), describe(app))


@pytest.mark.feature("ALL-07")
@pytest.mark.feature("FD-09")
def test_the_shipped_mapping_fits_once_the_cross_references_are_there(live: tuple[Described, Described]) -> None:
    before, after = live
    integration = mapping.load(SHIPPED)
    missing = [problem for problem in lint.check(integration, *before) if problem.severity == "error"]
    assert [problem.field for problem in missing] == [
        f"entities.{entity}.reference.{side}" for entity in ("account", "contact") for side in ("salesforce", "app")
    ]
    assert [str(problem) for problem in lint.check(integration, *after) if problem.severity == "error"] == []


@pytest.mark.feature("FD-15")
@pytest.mark.feature("FD-16")
@pytest.mark.feature("FD-18")
def test_a_wrong_mapping_is_named_row_by_row(live: tuple[Described, Described], tmp_path: Path) -> None:
    rows = [
        "Email,email,,email",
        "Region__c,custom_fields.region",
        "Interests__c,job_title",
        "AccountId,company_id",
        "Id,description,to_app",
        "Title,custom_fields.newsletter",
        "Last_Login__c,time_zone,to_app,datetime",
    ]
    integration = mapping.load(write(tmp_path, contact="\n".join([HEADER, *rows])))
    errors = [problem for problem in lint.check(integration, *live[1]) if problem.severity == "error"]
    found = [(problem.line, problem.column, problem.message.partition(";")[0]) for problem in errors]
    assert found == [
        (1, 1, "Freshdesk contact requires 'name', but no row writes it"),
        (1, 1, "Salesforce contact requires 'LastName', but no row writes it"),
        (3, 1, "'Region__c' in Salesforce contact lacks 'North', 'South', 'East'"),
        (3, 2, "'custom_fields.region' in Freshdesk contact lacks 'Nord', 'Süd', 'Ost'"),
        (4, 1, "'Interests__c' in Salesforce contact is a multi-select field"),
        (5, 1, "'AccountId' in Salesforce contact is a look-up to another record"),
        (5, 2, "'company_id' in Freshdesk contact is a look-up to another record"),
        (6, 1, "'Id' in Salesforce contact is the system's own id"),
        (7, 4, "text cannot write 'custom_fields.newsletter' in Freshdesk contact (boolean)"),
    ]


def test_a_field_of_a_related_record_may_be_read_where_the_look_up_is_there(
    live: tuple[Described, Described], tmp_path: Path
) -> None:
    rows = [
        HEADER,
        "FirstName + LastName,name,,full_name,,,,,yes,",
        "Account.Name,job_title,to_app",
        "Boss__r.Name,description,to_app",
    ]
    integration = mapping.load(write(tmp_path, contact="\n".join(rows), settings="app: freshdesk\nentities: {contact: {}}\n"))
    [found] = [problem.message for problem in lint.check(integration, *live[1]) if problem.severity == "error"]
    assert "Boss__r.Name" in found
