"""FM-04: the initial load matches and merges, or replaces what is in ForceManager: only after two consents."""

from typing import Any

import pytest

from connectors.errors import PermanentError
from forcemanager_world import SETTINGS, FieldSales
from sync.apply import apply

pytestmark = pytest.mark.feature("FM-04")


def both(sales: FieldSales) -> tuple[str, int, int]:
    """Put a firm into both systems with different values, and one into ForceManager alone; returns their ids."""
    mine = sales.firm(BillingCity="Kiel", Fax=None)
    twin = sales.put_fm("accounts", name="Nordwerk GmbH", city="Hamburg", fax="+49 431 3", phone="+49 40 1")
    alone = sales.put_fm("accounts", name="Werft AG", city="Emden", phone="+49 4921 7")
    return mine, twin, alone


def want_replacement(sales: FieldSales, confirmed: str = "yes") -> None:
    sales.change(SETTINGS, "initial_load: merge ", "initial_load: replace ")
    sales.change(SETTINGS, "replace_confirmed: no ", f"replace_confirmed: {confirmed} ")


def approve(sales: FieldSales) -> dict[str, Any]:
    """Say yes to the plan that waits."""
    [(batch_id,)] = sales.rows("select batch_id from sync.approval where state = 'waiting'")
    return apply(sales.engine, batch_id, "operator", lambda _: sales.connectors)


def test_by_default_records_are_matched_and_both_sides_filled(fresh: FieldSales) -> None:
    mine, twin, alone = both(fresh)
    fresh.run(mode="backfill")
    here, there = fresh.get("Account", mine), fresh.get("accounts", twin)
    assert fresh.partner("account", mine) == str(twin)
    assert (here["BillingCity"], here["Fax"], there["city"], there["fax"]) == ("Kiel", "+49 431 3", "Kiel", "+49 431 3")
    assert fresh.in_sf("account", alone)["Name"] == "Werft AG"
    fresh.run()
    fresh.assert_settled()


def test_replacing_is_refused_without_the_consent_in_the_settings(fresh: FieldSales) -> None:
    both(fresh)
    want_replacement(fresh, "no")
    with pytest.raises(PermanentError, match="replace_confirmed: yes"):
        fresh.run()
    assert fresh.writes() == 0


def test_replacing_waits_for_a_person_and_writes_nothing_before(fresh: FieldSales) -> None:
    _, _, alone = both(fresh)
    want_replacement(fresh)
    fresh.run()
    fresh.run()
    assert fresh.writes() == 0
    [(reasons,)] = fresh.rows("select reasons from sync.approval order by batch_id limit 1")
    assert "initial_load is replace" in reasons[0]
    assert fresh.get("accounts", alone)["deleted"] is False


def test_an_approved_replacement_leaves_what_salesforce_has(fresh: FieldSales) -> None:
    mine, twin, alone = both(fresh)
    want_replacement(fresh)
    fresh.run()
    approve(fresh)
    there = fresh.get("accounts", twin)
    assert (there["city"], there["fax"], there["phone"]) == ("Kiel", None, "+49 431 5550100")
    assert fresh.get("accounts", alone)["deleted"]
    [account] = fresh.salesforce.records("Account")
    assert (account["Id"], account.get("Fax"), account["FMID__c"]) == (mine, None, str(twin))
    [(kept,)] = fresh.rows("select fields from sync.action where operation = 'delete'")
    assert {name: old for name, (old, _) in kept.items()}.items() >= {"city": "Emden", "phone": "+49 4921 7"}.items()


def test_after_the_initial_load_records_go_both_ways_again(fresh: FieldSales) -> None:
    mine, twin, _ = both(fresh)
    want_replacement(fresh)
    fresh.run()
    approve(fresh)
    fresh.run()
    fresh.app.edit("accounts", twin, {"fax": "+49 431 9"})
    late = fresh.put_fm("accounts", name="Late AG")
    fresh.run()
    assert fresh.get("Account", mine)["Fax"] == "+49 431 9"
    assert fresh.in_sf("account", late)["Name"] == "Late AG"
    fresh.assert_settled()
