"""What an analyst finds in staging, how long, and which mapping made it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from connectors.errors import MappingError
from pipeline import QUICK, World


@pytest.fixture
def quick(world: World) -> World:
    world.stages = QUICK
    return world


@pytest.mark.feature("ALL-05")
def test_one_row_per_record_and_run_in_columns_with_the_types_of_the_mapping(quick: World) -> None:
    quick.change("contact.csv", "Title,job_title", "Birthdate,custom_fields.birthday,to_app,date,,,,,,\nTitle,job_title")
    quick.app.action("add_field", kind="contact_fields", label="Birthday", label_for_customers="Birthday", type="custom_date")
    quick.run()
    contact = quick.contact(FirstName="Mara", Email="mara@nordwerk.example", Birthdate="1990-05-17", Freshdesk_Tags__c="a, b")
    first = quick.run()["extract"]["batch_id"]
    quick.salesforce.edit("Contact", contact, {"Title": "CEO"})
    second = quick.run()["extract"]["batch_id"]
    rows = quick.rows(
        "select batch_id, name, job_title, birthday, tags, is_deleted from staging.freshdesk_contact"
        " where side = 'salesforce' and record_id = :id order by batch_id",
        id=contact,
    )
    assert [tuple(row) for row in rows] == [
        (first, "Mara Lind", None, date(1990, 5, 17), ["a", "b"], False),
        (second, "Mara Lind", "CEO", date(1990, 5, 17), ["a", "b"], False),
    ]
    repeated = "select 1 from staging.freshdesk_contact group by batch_id, side, record_id having count(*) > 1"
    assert quick.rows(repeated) == []
    types = quick.rows(
        "select column_name, data_type from information_schema.columns where table_name = 'freshdesk_contact'"
        " and column_name in ('name', 'birthday', 'tags', 'modified_at')"
    )
    assert {tuple(row) for row in types} == {
        ("name", "text"), ("birthday", "date"), ("tags", "jsonb"), ("modified_at", "timestamp with time zone"),
    }  # fmt: skip


@pytest.mark.feature("ALL-05")
def test_days_past_the_set_number_are_dropped_and_younger_ones_stay(quick: World) -> None:
    quick.change("settings.yaml", "staging_days: 14", "staging_days: 3")
    quick.run()
    today = quick.rows("select current_date")[0][0]
    with quick.engine.begin() as connection:
        for days in (2, 3, 4, 30):
            day = today - timedelta(days=days)
            for table in ("raw", "record"):
                end = day + timedelta(days=1)
                connection.execute(
                    text(
                        f"create table staging.{table}_{day:%Y%m%d} partition of staging.{table} for values from ('{day}') to ('{end}')"
                    )
                )
    quick.run()
    kept = quick.rows("select inhrelid::regclass::text from pg_inherits where inhparent = 'staging.record'::regclass")
    assert sorted(row[0] for row in kept) == [f"staging.record_{today - timedelta(days=days):%Y%m%d}" for days in (3, 2, 0)]


@pytest.mark.feature("ALL-06")
def test_an_edited_mapping_is_used_by_the_next_run_and_its_digest_is_kept(quick: World) -> None:
    quick.run()
    contact, _ = quick.linked_contact(Title="CEO", Department="Board")
    quick.change("contact.csv", "Title,job_title", "Department,job_title")
    quick.salesforce.edit("Contact", contact, {"FirstName": "Maria"})
    quick.run()
    assert quick.desk(contact)["job_title"] == "Board"
    assert "department" not in quick.rows("select * from staging.freshdesk_contact limit 1")[0]._fields
    digests = quick.rows(
        "select mapping_digest, files from sync.batch b join sync.mapping m on m.digest = b.mapping_digest order by b.id"
    )
    assert [b"Department,job_title" in bytes.fromhex(row.files["contact.csv"]) for row in digests] == [False, False, True]
    assert len({row.mapping_digest for row in digests}) == 2


@pytest.mark.feature("ALL-06")
def test_a_mapping_edited_in_the_middle_of_a_run_is_not_mixed_in(quick: World) -> None:
    quick.run()
    contact = quick.contact(FirstName="Mara", Email="mara@nordwerk.example", Title="CEO", Department="Board")
    quick.run(stages=("extract",))
    quick.change("contact.csv", "Title,job_title", "Department,job_title")
    for stage in ("map", "reconcile", "load"):
        quick.stage(stage)
    assert quick.desk(contact)["job_title"] == "CEO"


@pytest.mark.feature("ALL-06")
def test_a_broken_mapping_stops_the_next_run_before_it_reads_anything(quick: World) -> None:
    quick.run()
    reads = quick.salesforce.calls()["read"]
    quick.change("contact.csv", "Title,job_title,both", "Title,job_title,bth")
    with pytest.raises(MappingError, match=r"contact.csv:\d+:\d+: direction: 'bth' is not known"):
        quick.run()
    assert quick.salesforce.calls()["read"] == reads


@pytest.mark.feature("ALL-05", "ALL-06")
def test_an_edited_mapping_breaks_no_view_that_an_analyst_has_built(quick: World) -> None:
    quick.run()
    contact, _ = quick.linked_contact(Title="CEO", Department="42")
    with quick.engine.begin() as connection:
        connection.execute(text("create view public.chiefs as select record_id, job_title from staging.freshdesk_contact"))
    try:
        quick.change("contact.csv", "Title,job_title,both,", "AssistantName,job_title,to_app,")
        quick.salesforce.edit("Contact", contact, {"AssistantName": "Nils"})
        quick.run()
        assert quick.desk(contact)["job_title"] == "Nils"
        assert (contact, "CEO") in [tuple(row) for row in quick.rows("select * from public.chiefs")]
    finally:
        with quick.engine.begin() as connection:
            connection.execute(text("drop view public.chiefs"))


@pytest.mark.feature("ALL-05", "ALL-06")
def test_rows_of_a_former_mapping_stay_readable_when_a_field_changes_its_type(quick: World) -> None:
    quick.app.action("add_field", kind="contact_fields", label="Size", label_for_customers="Size", type="custom_text")
    quick.app.action("add_field", kind="contact_fields", label="Grade", label_for_customers="Grade", type="custom_number")
    quick.change("contact.csv", "Title,job_title", "Department,custom_fields.size,to_app,,,,,,,\nTitle,job_title")
    quick.run()
    contact, _ = quick.linked_contact(Department="Board")
    quick.change("contact.csv", "Department,custom_fields.size,to_app,", "Birthdate,custom_fields.size,to_app,date")
    quick.salesforce.edit("Contact", contact, {"Birthdate": "1990-05-17"})
    quick.run()
    values = quick.rows("select size from staging.freshdesk_contact where record_id = :id order by batch_id", id=contact)
    assert [row[0] for row in values] == [None, date(1990, 5, 17)]
