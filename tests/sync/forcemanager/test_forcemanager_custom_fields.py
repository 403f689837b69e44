"""FM-06: standard fields stay; custom fields of Salesforce appear in ForceManager, once they are added there."""

import pytest

from connectors.errors import MappingError
from forcemanager_world import FieldSales
from sync.preflight import Access, Preflight

pytestmark = pytest.mark.feature("FM-06")

ROW = "Region__c,Z_Region,both"


def checks(sales: FieldSales, creates: bool = False) -> list[str]:
    """The lines of a preflight that are not met."""
    url = sales.engine.url.render_as_string(hide_password=False)
    preflight = Preflight(sales.folder, Access(lambda: url, lambda _, side: sales.connectors[side]), creates)
    return [str(check) for check in preflight.checks() if not check.is_met]


def test_a_custom_field_goes_both_ways_like_a_standard_one(sales: FieldSales) -> None:
    sales.app.action("add_field", resource="accounts", field="Z_Region")
    sales.add_rows(ROW, file="account.csv")
    account = sales.firm(Region__c="Nord")
    sales.run()
    other = sales.in_fm("account", account)
    assert (other["Z_Region"], other["name"]) == ("Nord", "Nordwerk GmbH")
    sales.app.edit("accounts", other["id"], {"Z_Region": "Süd"})
    sales.run()
    assert sales.get("Account", account)["Region__c"] == "Süd"
    sales.assert_settled()


def test_a_field_that_forcemanager_lacks_stops_the_run_with_its_row_before_anything_is_written(sales: FieldSales) -> None:
    sales.add_rows(ROW, file="account.csv")
    sales.firm(Region__c="Nord")
    with pytest.raises(MappingError, match=r"account\.csv:17:2: app_field: .*Z_Region"):
        sales.run()
    assert sales.writes() == 0


@pytest.mark.parametrize("creates", [False, True])
def test_preflight_lists_exactly_which_fields_to_add(sales: FieldSales, creates: bool) -> None:
    assert checks(sales) == []
    sales.add_rows(ROW, file="account.csv")
    sales.add_rows("Title,Z_Title", "Department,Z_Department", file="contact.csv")
    unmet = "\n".join(checks(sales, creates))
    assert "Z_Region" in unmet
    assert "Z_Department" in unmet
    assert "Z_Title" not in unmet


def test_preflight_makes_what_salesforce_lacks(fresh: FieldSales) -> None:
    fresh.salesforce.reset()
    lacking = "\n".join(checks(fresh))
    assert all(name in lacking for name in ("FMID__c", "FMACTIVITYID__c", "FMEVENTID__c", "FMTASKID__c"))
    assert checks(fresh, creates=True) == []
    assert checks(fresh) == []


def test_a_custom_field_that_must_be_filled_is_told_before_a_run(sales: FieldSales) -> None:
    sales.app.action("add_field", resource="contacts", field="Z_Consent", kind="bool", required=True)
    assert "requires 'Z_Consent'" in "\n".join(checks(sales))
