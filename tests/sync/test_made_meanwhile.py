"""Whom people enter into Salesforce while a plan waits is linked and not made again."""

from datetime import timedelta

import pytest

from pipeline import QUICK, World, grow_old

pytestmark = pytest.mark.feature("ALL-29")


def grown_old(world: World) -> None:
    """Let the batch have begun two hours ago, as one whose plan waited for somebody."""
    grow_old(world.engine, timedelta(hours=2))


def test_who_was_entered_by_hand_while_a_plan_waited_is_linked(enabled: World) -> None:
    desk = enabled.desk_contact(name="Mara Lind", email="mara@nordwerk.example")
    enabled.run(stages=QUICK[:-1])
    contact = enabled.contact(FirstName="Mara", Email="Mara@nordwerk.example")
    grown_old(enabled)
    enabled.stage("load")
    assert enabled.contact_totals() == (1, 1)
    assert enabled.rows("select state, message from sync.action where operation = 'create'") == [
        ("skipped", "this record has come into Salesforce meanwhile; the next run links it")
    ]
    enabled.run()
    assert enabled.partner("contact", contact) == str(desk)
    assert enabled.contact_totals() == (1, 1)
    enabled.assert_settled()


def test_who_shares_a_number_with_somebody_linked_is_made_all_the_same(enabled: World) -> None:
    enabled.linked_contact(Phone="+49431555010")
    enabled.desk_contact(name="Ida Berg", email="ida@nordwerk.example", phone="+49431555010")
    enabled.run(stages=QUICK[:-1])
    grown_old(enabled)
    enabled.stage("load")
    assert enabled.contact_totals() == (2, 2)
