"""Records that a check or a system refuses: kept, not overwritten, and tried again as what they were."""

import pytest

from connectors.errors import RecordsRejectedError
from connectors.memory import MemoryConnector
from pipeline import Pipeline


def test_a_failed_write_is_kept_even_where_its_own_side_did_not_move(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.change("settings.yaml", "master: merge ", "master: salesforce ")
    salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="right")
    memory.run(mode="backfill")
    memory.run()
    desk = next(iter(app.live("contact")))
    app.edit("contact", desk, job_title="wrong")
    app.faults.locked = {desk: 1}
    memory.run()
    assert memory.rows("select side, record_id from sync.rejection where closed_at is null") == [("app", desk)]
    memory.run()
    assert app.live("contact")[desk]["job_title"] == "right"
    assert memory.rows("select 1 from sync.rejection where closed_at is null") == []


def test_the_run_that_finishes_what_a_stopped_one_rejected_tells_of_it(memory: Pipeline, salesforce: MemoryConnector) -> None:
    memory.change("settings.yaml", "on_rejected: succeed", "on_rejected: fail")
    memory.run()
    salesforce.put("contact", LastName="Bad", Email="bad@nordwerk.example", Freshdesk_Tags__c={"no": "text"})
    memory.run(stages=("extract", "map"))
    with pytest.raises(RecordsRejectedError, match="1 new"):
        memory.run()
    memory.run()


def test_a_red_run_names_one_record_of_each_kind_of_reason(memory: Pipeline, salesforce: MemoryConnector) -> None:
    memory.change("settings.yaml", "on_rejected: succeed", "on_rejected: fail")
    memory.run()
    for number in range(12):
        salesforce.put("contact", LastName="Tags", Email=f"tags{number}@nordwerk.example", Freshdesk_Tags__c={"no": "text"})
    other = salesforce.put("contact", LastName="Title", Email="title@nordwerk.example", Title={"no": "text"})
    with pytest.raises(RecordsRejectedError) as caught:
        memory.run()
    lines = str(caught.value).splitlines()
    assert "13 records are rejected (13 new" in lines[0]
    assert [line for line in lines if " and 11 more: " in line] == [lines[1]]
    assert lines[2].startswith(f"  contact {other} in salesforce: ")


def test_a_red_run_quotes_no_values_and_a_known_refusal_is_no_news(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.change("settings.yaml", "on_rejected: succeed", "on_rejected: fail")
    memory.run()
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="Secret")
    app.faults.refused = {"Secret": "bad_value"}
    with pytest.raises(
        RecordsRejectedError, match=rf"1 new, 1 refused.*\n  contact {contact} in salesforce: bad_value\n"
    ) as caught:
        memory.run()
    assert "Secret" not in str(caught.value)
    assert "Refused: Secret" in memory.rows("select reasons->0->>'reason' from sync.rejection")[0][0]
    salesforce.edit("contact", contact, Description="still refused")
    memory.run()
    assert memory.rows("select state from sync.batch order by id desc limit 1") == [("partial",)]
    app.faults.refused = {}
    salesforce.edit("contact", contact, Description="goes")
    memory.run()
    assert memory.rows("select 1 from sync.rejection where closed_at is null") == []


def test_a_deletion_that_was_refused_is_tried_again_as_a_deletion(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example")
    memory.run(mode="backfill")
    desk = next(iter(app.live("contact")))
    app.faults.locked = {desk: 1}
    salesforce.remove("contact", contact)
    memory.run()
    assert app.live("contact")[desk]["name"] == "Lind"
    memory.run()
    assert app.live("contact") == {}


def test_an_edit_that_was_refused_is_not_overwritten_by_the_other_side(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="old")
    memory.run(mode="backfill")
    memory.run()
    desk = next(iter(app.live("contact")))
    salesforce.edit("contact", contact, Title="refused")
    app.faults.refused = {"refused": "invalid_value"}
    memory.run()
    app.edit("contact", desk, job_title="from the app")
    memory.run()
    assert salesforce.live("contact")[contact]["Title"] == "refused"
    assert memory.rows("select salesforce_value, app_value, decision from sync.conflict") != []


def test_an_edit_in_quarantine_is_not_overwritten_by_the_other_side(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Title="old")
    memory.run(mode="backfill")
    memory.run()
    desk = next(iter(app.live("contact")))
    salesforce.edit("contact", contact, Title="new", Freshdesk_Tags__c={"no": "text"})
    memory.run()
    assert app.live("contact")[desk]["job_title"] == "old"
    app.edit("contact", desk, job_title="from the app", description="also new")
    memory.run()
    assert salesforce.live("contact")[contact]["Title"] == "new"
    salesforce.edit("contact", contact, Freshdesk_Tags__c="vip")
    memory.run()
    memory.run()
    assert app.live("contact")[desk]["job_title"] == salesforce.live("contact")[contact]["Title"] == "new"
    assert salesforce.live("contact")[contact]["Description"] == "also new"
    assert app.live("contact")[desk]["tags"] == ["vip"]
    assert memory.rows("select 1 from sync.rejection where closed_at is null") == []


def test_a_record_that_was_refused_and_is_there_after_all_has_passed(
    memory: Pipeline, salesforce: MemoryConnector, app: MemoryConnector
) -> None:
    memory.run()
    contact = salesforce.put("contact", LastName="Lind", Phone="+49 30 1234")
    app.faults.refused = {"Lind": "invalid_value"}
    memory.run()
    late = {"custom_fields.sfcontactid": contact, "unique_external_id": contact}
    app.put("contact", name="Lind", phone="+49 30 1234", **late)
    memory.run()
    assert len(app.live("contact")) == 1
    assert memory.rows("select 1 from sync.rejection where closed_at is null") == []
