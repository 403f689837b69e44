"""Opt-outs of people whom the app has taken and shows later: a confirming click may take days."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from crm import CONTACT, both, codes, crm, links

OPT_OUT = "opt_out: {salesforce: Gone__c}, filter: {salesforce: {Gone__c: ['false']}}, deletes: {to_app: delete}"


@pytest.mark.feature("GR-14")
@pytest.mark.parametrize("shown", ["before the run that reads it", "runs later", "never"])
def test_who_opts_out_before_the_create_is_shown_is_taken_off_then(shown: str, engine: Engine, tmp_path: Path) -> None:
    pipeline = crm(engine, tmp_path, contact=f"{CONTACT}, {OPT_OUT}")
    salesforce, app = both(pipeline)
    contact = salesforce.put("contact", LastName="Lind", Email="mara@nordwerk.example", Gone__c=False)
    app.faults.hidden = {1}
    pipeline.run()
    salesforce.now += timedelta(hours=1)
    salesforce.edit("contact", contact, Gone__c=True)
    salesforce.now += timedelta(hours=1)
    if shown == "before the run that reads it":
        app.show()
    pipeline.run()
    pipeline.run()
    if shown == "never":
        with engine.begin() as connection:
            connection.execute(text("update sync.action set sent_at = sent_at - interval '25 hours' where state = 'accepted'"))
    else:
        app.show()
    for _ in range(3):
        pipeline.run()
    assert app.live("contact") == {}
    assert codes(pipeline) == {}
    assert [state for *_, state in links(pipeline)] == ([] if shown == "never" else ["tombstone"])
    assert set(pipeline.run()) == {"extract"}
