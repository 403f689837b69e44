"""What Lemontaps promises of a push: who goes, as what, with which values, and who does not go and why."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from lemontaps_world import LONG_AGO, LemontapsWorld, lemontaps_world
from pipeline import QUICK
from sandbox.client import SandboxClient
from sandbox.running import serve
from sync.stages import STAGES

WHOLE = {
    "name_prefix": "Dr.", "first_name": "Mara", "last_name": "Lind", "position": "Head of Purchasing", "role": "Decision maker",
    "department": "Purchasing", "company": "Nordwerk GmbH", "email": "Mara.Lind@Nordwerk.example",
    "email_work": "ml@work.example", "phone_work": "+49 431 5550100", "phone_mobile": "+49 151 5550100",
    "website": "www.nordwerk.example", "addressee": "Nordwerk", "address_line_1": "Hafenweg 7", "address_line_2": "Tor 3",
    "postal_code": "24103", "city": "Kiel", "country": "DE", "gdpr_consent": True, "language": "de",
    "images": ["https://cards.example/1.jpg"], "notes": "Met at the fair,\nwants a quote.", "met_on": "2026-03-02",
}  # fmt: skip
SENT = {
    "Salutation": "Dr.", "FirstName": "Mara", "LastName": "Lind", "Title": "Head of Purchasing",
    "Email": "mara.lind@nordwerk.example", "Phone": "+49 431 5550100", "MobilePhone": "+49 151 5550100",
    "Description": "Met at the fair,\nwants a quote.", "LTMETON__c": "2026-03-02", "LeadSource": "Lemontaps",
}  # fmt: skip
OF_LEADS = {
    "Company": "Nordwerk GmbH", "Website": "https://www.nordwerk.example", "Street": "Hafenweg 7", "PostalCode": "24103",
    "City": "Kiel", "Country": "Germany",
}  # fmt: skip
OF_CONTACTS = {
    "Department": "Purchasing", "MailingStreet": "Hafenweg 7", "MailingPostalCode": "24103", "MailingCity": "Kiel",
    "MailingCountry": "Germany",
}  # fmt: skip
NOT_SENT = ("Decision maker", "ml@work.example", "Nordwerk", "Tor 3", "de", "https://cards.example/1.jpg")


@pytest.fixture(scope="module")
def team() -> Iterator[SandboxClient]:
    with serve("lemontaps") as client:
        yield client


@pytest.fixture
def lemontaps(servers, team: SandboxClient, engine: Engine, tmp_path) -> LemontapsWorld:
    """A team and an org after the run that enables the integration."""
    world = lemontaps_world(engine, tmp_path, servers["salesforce"], team)
    world.stages = QUICK
    world.run()
    return world


@pytest.fixture
def checked(lemontaps: LemontapsWorld) -> LemontapsWorld:
    """The same with the data-quality checks, which cost a second a run."""
    lemontaps.stages = STAGES
    return lemontaps


@pytest.mark.feature("LT-01", "LT-02")
def test_a_new_contact_becomes_a_lead_once(lemontaps):
    captured = lemontaps.capture()
    lemontaps.run()
    assert set(lemontaps.leads()) == {captured}
    assert lemontaps.contacts() == {}
    lemontaps.assert_settled()


@pytest.mark.feature("LT-01", "LT-02")
def test_or_a_contact_by_setting(lemontaps):
    lemontaps.as_contacts()
    lemontaps.run()
    captured = lemontaps.capture(company=None)
    lemontaps.run()
    assert set(lemontaps.contacts()) == {captured}
    assert lemontaps.leads() == {}
    lemontaps.assert_settled()


@pytest.mark.feature("LT-02")
def test_earlier_contacts_are_not_pushed_by_themselves_even_when_they_are_edited(lemontaps):
    earlier = lemontaps.capture_earlier()
    lemontaps.run()
    lemontaps.app.edit("contacts", earlier, {"position": "CEO"})
    lemontaps.run()
    assert lemontaps.leads() == {}
    assert lemontaps.rejections() == {}


@pytest.mark.feature("LT-02", "ALL-28")
def test_a_backfill_pushes_earlier_contacts_too(lemontaps):
    earlier, new = lemontaps.capture_earlier(), lemontaps.capture(email="new@nordwerk.example")
    lemontaps.run(mode="backfill")
    assert set(lemontaps.leads()) == {earlier, new}


@pytest.mark.feature("LT-03")
def test_chosen_contacts_are_pushed_and_no_others(lemontaps):
    chosen = [lemontaps.capture_earlier(email=f"{n}@nordwerk.example") for n in range(3)]
    lemontaps.capture_earlier(email="other@nordwerk.example")
    lemontaps.push(*chosen)
    assert set(lemontaps.leads()) == set(chosen)
    assert lemontaps.push(*chosen)["load"]
    assert len(lemontaps.leads()) == 3
    lemontaps.assert_settled()


@pytest.mark.feature("LT-04")
def test_every_contact_has_an_export_status(checked):
    done, failed = checked.capture(), checked.capture(company=None, email="b@nordwerk.example")
    checked.capture_earlier(email="c@nordwerk.example")
    checked.run()
    found = checked.exports()
    lead = checked.leads()[done]["Id"]
    assert (found[done].state, found[done].salesforce_id, found[done].reasons) == ("done", lead, ())
    assert (found[failed].state, found[failed].salesforce_id) == ("failed", None)
    assert "company" in found[failed].reasons[0]
    started = checked.rows("select max(started_at) from sync.batch")[0][0]
    assert all(found[each].at >= started for each in (done, failed))
    assert (found[done].fields["first_name"], found[done].fields["last_name"]) == ("Mara", "Lind")
    assert set(found) == {done, failed}
    assert set(checked.exports(done)) == {done}


@pytest.mark.feature("LT-04")
def test_a_lost_answer_is_exported_not_failed(lemontaps):
    lemontaps.salesforce.fault("lost", method="POST", path="composite/sobjects")
    captured = lemontaps.capture()
    lemontaps.run()
    lemontaps.run()
    assert len(lemontaps.leads()) == 1
    assert lemontaps.exports()[captured].state == "done"


@pytest.mark.feature("LT-05")
def test_a_push_is_counted_worked_failed_and_duplicates(checked):
    checked.salesforce.insert("Contact", [{"LastName": "Known", "Email": "known@nordwerk.example"}])
    good = [checked.capture_earlier(email=f"{n}@nordwerk.example") for n in range(3)]
    incomplete = checked.capture_earlier(company=None, email="b@nordwerk.example")
    known = checked.capture_earlier(email="Known@nordwerk.example")
    checked.push(*good, incomplete, known, "lt_0000000000")
    push = checked.pushed()
    assert (push.worked, push.failed, push.duplicates, push.missing) == (3, 1, 1, ("lt_0000000000",))
    assert {each.record_id for each in push.refused} == {incomplete, known}
    checked.push(*good)
    again = checked.pushed()
    assert (again.worked, again.failed, again.duplicates) == (3, 0, 0)
    checked.run()
    assert checked.pushed() is None


@pytest.mark.feature("LT-06", "LT-08")
def test_a_lead_gets_exactly_these_attributes(lemontaps):
    captured = lemontaps.capture(**WHOLE)
    lemontaps.run()
    lead = lemontaps.leads()[captured]
    assert {name: lead[name] for name in SENT | OF_LEADS} == SENT | OF_LEADS
    assert not set(NOT_SENT) & set(lead.values())
    assert "Purchasing" not in lead.values()


@pytest.mark.feature("LT-06", "LT-08")
def test_a_contact_gets_exactly_these_attributes(lemontaps):
    lemontaps.as_contacts()
    lemontaps.run()
    captured = lemontaps.capture(**WHOLE)
    lemontaps.run()
    contact = lemontaps.contacts()[captured]
    assert {name: contact[name] for name in SENT | OF_CONTACTS} == SENT | OF_CONTACTS
    assert not {*NOT_SENT, "Nordwerk GmbH", "https://www.nordwerk.example"} & set(contact.values())


@pytest.mark.feature("LT-06", "ALL-06")
def test_what_is_not_sent_can_be_sent_by_csv(lemontaps):
    for name, type_ in (("LTROLE__c", "Text"), ("LTGDPR__c", "Checkbox")):
        more = {"length": 255} if type_ == "Text" else {"defaultValue": False}
        lemontaps.salesforce.action("add_field", full_name=f"Lead.{name}", metadata={"type": type_, "label": name, **more})
    lemontaps.change("lead.csv", "# LTROLE__c", "LTROLE__c")
    lemontaps.change("lead.csv", "# LTGDPR__c", "LTGDPR__c")
    lemontaps.run()
    captured = lemontaps.capture(**WHOLE)
    lemontaps.run()
    assert lemontaps.leads()[captured]["LTROLE__c"] == "Decision maker"
    assert lemontaps.leads()[captured]["LTGDPR__c"] is True


@pytest.mark.feature("LT-06")
@pytest.mark.parametrize(("prefix", "salutation"), [("Herr", "Mr."), ("Frau", "Ms."), ("Prof. Dr.", "Prof. Dr."), (None, None)])
def test_name_prefixes_become_salutations(lemontaps, prefix, salutation):
    captured = lemontaps.capture(name_prefix=prefix)
    lemontaps.run()
    assert lemontaps.leads()[captured].get("Salutation") == salutation


@pytest.mark.feature("LT-07")
def test_the_owner_is_whoever_met_the_contact(lemontaps):
    users = {row["Email"]: row["Id"] for row in lemontaps.salesforce.records("User")}
    met = {"id": "lu_71", "name": "Ingrid Hansen", "email": "Ingrid.Hansen@nordwerk.example"}
    captured = lemontaps.capture(met_by=met)
    lemontaps.run()
    assert lemontaps.leads()[captured]["OwnerId"] == users["ingrid.hansen@nordwerk.example"]


@pytest.mark.feature("LT-07")
@pytest.mark.parametrize(
    "email", ["jonas.werner@nordwerk.example", "peter.vogt@nordwerk.example", "nobody@elsewhere.example", None]
)
def test_or_the_integrations_own_user(lemontaps, email):
    users = {row["Email"]: row["Id"] for row in lemontaps.salesforce.records("User")}
    captured = lemontaps.capture(met_by=email and {"id": "lu_9", "name": "N", "email": email})
    lemontaps.run()
    assert lemontaps.leads()[captured]["OwnerId"] == users["sync@nordwerk.example"]
    lemontaps.assert_settled()


@pytest.mark.feature("LT-09")
@pytest.mark.parametrize("kind", ["Lead", "Contact"])
@pytest.mark.parametrize("as_contact", [False, True])
def test_a_known_address_blocks_the_export(lemontaps, kind, as_contact):
    if as_contact:
        lemontaps.as_contacts()
        lemontaps.run()
    company = {"Company": "Nordwerk"} if kind == "Lead" else {}
    lemontaps.salesforce.insert(kind, [{"LastName": "Known", "Email": "mara@NORDWERK.example", **company}])
    captured = lemontaps.capture(email="Mara@nordwerk.example")
    lemontaps.run()
    assert captured not in lemontaps.leads() | lemontaps.contacts()
    export = lemontaps.exports()[captured]
    assert (export.state, export.codes) == ("failed", ("duplicate",))
    assert kind.casefold() in export.reasons[0].casefold()
    lemontaps.assert_settled()


@pytest.mark.feature("LT-09")
def test_of_two_new_contacts_with_one_address_only_one_is_exported(lemontaps):
    captured = [lemontaps.capture(), lemontaps.capture(first_name="Other")]
    lemontaps.run()
    lemontaps.run()
    assert len(lemontaps.leads()) == 1
    [blocked] = set(captured) - set(lemontaps.leads())
    assert lemontaps.exports()[blocked].state == "failed"


@pytest.mark.feature("LT-09")
def test_the_duplicate_rule_of_salesforce_is_a_duplicate_too(lemontaps):
    captured = lemontaps.capture_earlier()
    lemontaps.salesforce.fault("bad_record", id="mara@nordwerk.example", code="DUPLICATES_DETECTED", message="Use one of these?")
    lemontaps.push(captured)
    assert lemontaps.pushed().duplicates == 1
    assert lemontaps.exports()[captured].codes == ("DUPLICATES_DETECTED",)


@pytest.mark.feature("LT-10", "ALL-14")
@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"company": None}, "company"),
        ({"first_name": None, "last_name": None}, "name"),
        ({"company": " ", "last_name": ""}, "company"),
    ],
)
def test_a_lead_needs_a_company_and_a_name(checked, fields, missing):
    captured = checked.capture(**fields)
    checked.run()
    export = checked.exports()[captured]
    assert (export.state, missing in " ".join(export.reasons)) == ("failed", True)
    checked.app.edit("contacts", captured, {"company": "Nordwerk", "last_name": "Lind"})
    checked.run()
    assert checked.exports()[captured].state == "done"
    checked.assert_settled()


@pytest.mark.feature("LT-10")
def test_a_contact_needs_a_first_or_a_last_name(checked):
    checked.as_contacts()
    checked.run()
    first = checked.capture(last_name=None)
    last = checked.capture(first_name=None, email="b@nordwerk.example")
    none = checked.capture(first_name=None, last_name=None, email="c@nordwerk.example")
    checked.run()
    made = checked.contacts()
    assert (made[first].get("FirstName"), made[first]["LastName"]) == (None, "Mara")
    assert (made[last].get("FirstName"), made[last]["LastName"]) == (None, "Lind")
    assert checked.exports()[none].state == "failed"
    assert set(made) == {first, last}


@pytest.mark.feature("LT-11")
def test_later_edits_are_not_pushed(lemontaps):
    captured = lemontaps.capture()
    lemontaps.run()
    lemontaps.app.edit("contacts", captured, {"position": "CEO", "company": "Südwerk"})
    lemontaps.run()
    assert (lemontaps.leads()[captured]["Company"], lemontaps.leads()[captured].get("Title")) == ("Nordwerk GmbH", None)
    lemontaps.assert_settled()


@pytest.mark.feature("LT-11")
def test_later_edits_are_pushed_by_setting(lemontaps):
    captured = lemontaps.capture()
    lemontaps.run()
    lemontaps.change("settings.yaml", "updates: {to_salesforce: no}", "updates: {to_salesforce: yes}")
    lemontaps.run()
    lemontaps.app.edit("contacts", captured, {"position": "CEO"})
    lemontaps.run()
    assert lemontaps.leads()[captured]["Title"] == "CEO"
    lemontaps.assert_settled()


@pytest.mark.feature("LT-13")
def test_a_failed_export_can_be_tried_again(checked):
    earlier = checked.capture_earlier(company=None)
    checked.push(earlier)
    assert checked.exports()[earlier].state == "failed"
    checked.app.edit("contacts", earlier, {"company": "Nordwerk"})
    checked.push(earlier)
    assert checked.exports()[earlier].state == "done"
    assert len(checked.leads()) == 1


@pytest.mark.feature("LT-13", "LT-09")
def test_a_duplicate_goes_once_the_other_is_gone(lemontaps):
    [known] = lemontaps.salesforce.insert("Contact", [{"LastName": "Known", "Email": "mara@nordwerk.example"}])
    captured = lemontaps.capture_earlier()
    lemontaps.push(captured)
    assert lemontaps.pushed().duplicates == 1
    lemontaps.salesforce.delete("Contact", known)
    lemontaps.push(captured)
    assert (lemontaps.pushed().worked, set(lemontaps.leads())) == (1, {captured})


@pytest.mark.feature("LT-13")
def test_what_salesforce_refused_goes_when_it_is_tried_again(lemontaps):
    lemontaps.salesforce.fault("bad_record", id="mara@nordwerk.example", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No.")
    captured = lemontaps.capture()
    lemontaps.run()
    export = lemontaps.exports()[captured]
    assert (export.state, export.codes) == ("failed", ("FIELD_CUSTOM_VALIDATION_EXCEPTION",))
    lemontaps.push(captured)
    assert (lemontaps.exports()[captured].state, lemontaps.exports()[captured].at > export.at) == ("done", True)


def test_nothing_is_ever_written_to_lemontaps(lemontaps):
    captured = lemontaps.capture()
    lemontaps.run()
    lemontaps.salesforce.edit("Lead", lemontaps.leads()[captured]["Id"], {"Company": "Renamed"})
    lemontaps.run()
    assert lemontaps.app.calls()["write"] == 0
    assert lemontaps.app.records("contacts")[0]["company"] == "Nordwerk GmbH"
    assert lemontaps.leads()[captured]["Company"] == "Renamed"


def test_a_contact_deleted_in_lemontaps_stays_in_salesforce(lemontaps):
    captured = lemontaps.capture(created_at=LONG_AGO)
    lemontaps.push(captured)
    lemontaps.app.delete("contacts", captured)
    lemontaps.run()
    assert set(lemontaps.leads()) == {captured}
    assert lemontaps.exports()[captured].state == "deleted"


def test_a_lead_that_people_make_costs_no_walk_over_all_captured_contacts(lemontaps):
    lemontaps.app.insert("contacts", [{"last_name": "P", "created_at": LONG_AGO, "updated_at": LONG_AGO}] * 250)
    lemontaps.salesforce.insert("Lead", [{"LastName": "A", "Company": "B", "Email": "a@nordwerk.example"}])
    lemontaps.app.reset_calls()
    lemontaps.run()
    assert lemontaps.app.calls()["by"] == {"GET /contacts": 1, "GET /scim/v2/Users": 1}


@pytest.mark.feature("LT-02", "LT-03")
def test_earlier_contacts_are_listed_by_a_plan_and_go_only_by_choice(checked):
    chosen, other = checked.capture_earlier(), checked.capture_earlier(email="b@nordwerk.example")
    incomplete = checked.capture_earlier(email="c@nordwerk.example", company=None)
    checked.run(mode="plan", since=datetime(2000, 1, 1, tzinfo=UTC))
    listed = {each: export.state for each, export in checked.exports().items()}
    assert listed == {chosen: "waiting", other: "waiting", incomplete: "failed"}
    checked.app.edit("contacts", other, {"position": "CEO"})
    checked.app.edit("contacts", incomplete, {"company": "Nordwerk"})
    checked.run()
    assert checked.leads() == {}
    checked.push(chosen)
    assert set(checked.leads()) == {chosen}
    checked.run()
    assert set(checked.leads()) == {chosen}
