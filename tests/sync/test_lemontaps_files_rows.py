"""Captured contacts come from export files in a folder: new files go in, the same ones do nothing, bad lines are named."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from lemontaps_world import LemontapsWorld, lemontaps_world
from pipeline import QUICK
from sandbox.client import SandboxClient
from sandbox.running import serve

HEADING = "Vorname;Nachname;Firma;E-Mail;Mobil;Getroffen am;Getroffen von"


@pytest.fixture(scope="module")
def team() -> Iterator[SandboxClient]:
    with serve("lemontaps") as client:
        yield client


@pytest.fixture
def lemontaps(servers, team: SandboxClient, engine: Engine, tmp_path) -> LemontapsWorld:
    """A folder of files and an org after the run that enables the integration."""
    files = tmp_path / "files"
    files.mkdir()
    world = lemontaps_world(engine, tmp_path, servers["salesforce"], team, files)
    world.stages = QUICK
    world.run()
    return world


def put(world: LemontapsWorld, name: str, *lines: str, encoding: str = "utf-8") -> None:
    """Put a file, or a changed one, into the folder."""
    (world.files / name).write_bytes("\n".join((HEADING, *lines)).encode(encoding))


@pytest.mark.feature("LT-14", "LT-01", "LT-02")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_the_contacts_of_a_new_file_become_leads_once(lemontaps, encoding):
    put(lemontaps, "fair.csv", "Jürgen;Groß;Müller;jg@firma.example;1;02.03.2026;", "Mara;Lind;Nordwerk;;2;;", encoding=encoding)
    lemontaps.run()
    leads = {lead["LastName"]: lead for lead in lemontaps.leads().values()}
    assert set(leads) == {"Groß", "Lind"}
    assert (leads["Groß"]["Company"], leads["Groß"]["LTMETON__c"]) == ("Müller", "2026-03-02")
    lemontaps.assert_settled()


@pytest.mark.feature("LT-14")
def test_the_same_contacts_in_another_file_write_nothing(lemontaps):
    put(lemontaps, "monday.csv", "Mara;Lind;Nordwerk;m@x.example;;;")
    lemontaps.run()
    put(lemontaps, "tuesday.csv", "Mara;Lind;Nordwerk;M@x.example;;;", "Ada;Roth;Nordwerk;a@x.example;;;")
    before = lemontaps.writes()
    lemontaps.run()
    assert sorted(lead["LastName"] for lead in lemontaps.leads().values()) == ["Lind", "Roth"]
    assert lemontaps.writes() - before == 1
    lemontaps.assert_settled()


@pytest.mark.feature("LT-14", "LT-11")
def test_changed_content_is_a_changed_record(lemontaps):
    lemontaps.change("settings.yaml", "updates: {to_salesforce: no}", "updates: {to_salesforce: yes}")
    put(lemontaps, "fair.csv", "Mara;Lind;Nordwerk;m@x.example;;;")
    lemontaps.run()
    put(lemontaps, "fair.csv", "Mara;Lind;Südwerk;m@x.example;;;")
    lemontaps.run()
    assert [lead["Company"] for lead in lemontaps.leads().values()] == ["Südwerk"]
    lemontaps.assert_settled()


@pytest.mark.feature("LT-14", "LT-02")
def test_files_from_before_wait_to_be_chosen(servers, team, engine, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    world = lemontaps_world(engine, tmp_path, servers["salesforce"], team, files)
    world.stages = QUICK
    put(world, "old.csv", "Mara;Lind;Nordwerk;m@x.example;;;")
    world.run()
    world.run()
    assert world.leads() == {}
    [record] = next(page for page in world.connectors["app"].read_changes("contact", None, []) if page.records).records
    world.push(record.id)
    assert set(world.leads()) == {record.id}


@pytest.mark.feature("LT-14", "LT-04")
def test_bad_lines_are_named_by_file_and_line_until_they_are_mended(lemontaps):
    put(lemontaps, "fair.csv", "Mara;Lind;Nordwerk;m@x.example;;;", "Ada;Roth;Nordwerk;a@x.example;1;2;3;4;5")
    lemontaps.run()
    assert [lead["LastName"] for lead in lemontaps.leads().values()] == ["Lind"]
    assert lemontaps.exports()["fair.csv"].reasons == ("fair.csv, line 3: 9 cells, the heading has 7",)
    assert lemontaps.exports()["fair.csv"].codes == ("unreadable",)
    put(lemontaps, "fair.csv", "Mara;Lind;Nordwerk;m@x.example;;;", "Ada;Roth;Nordwerk;a@x.example;1;;")
    lemontaps.run()
    assert sorted(lead["LastName"] for lead in lemontaps.leads().values()) == ["Lind", "Roth"]
    assert lemontaps.rejections() == {}
    lemontaps.assert_settled()


@pytest.mark.feature("LT-14")
def test_a_file_that_is_none_does_not_stop_the_others(lemontaps):
    (lemontaps.files / "a.xlsx").write_bytes(b"PK")
    put(lemontaps, "b.csv", "Mara;Lind;Nordwerk;m@x.example;;;")
    lemontaps.run()
    assert len(lemontaps.leads()) == 1
    assert lemontaps.rejections() == {"a.xlsx": ["unreadable"]}


@pytest.mark.feature("LT-14", "LT-09")
def test_a_known_address_blocks_as_well(lemontaps):
    lemontaps.salesforce.insert("Contact", [{"LastName": "Known", "Email": "m@x.example"}])
    put(lemontaps, "fair.csv", "Mara;Lind;Nordwerk;m@x.example;;;")
    lemontaps.run()
    assert lemontaps.leads() == {}
    assert list(lemontaps.rejections().values()) == [["duplicate"]]


@pytest.mark.feature("LT-14", "LT-07")
@pytest.mark.parametrize("met_by", ["ingrid.hansen@nordwerk.example", "Ingrid Hansen"])
def test_the_owner_is_named_by_address_or_name(lemontaps, met_by):
    users = {row["Email"]: row["Id"] for row in lemontaps.salesforce.records("User")}
    put(lemontaps, "fair.csv", f"Mara;Lind;Nordwerk;m@x.example;;;{met_by}")
    lemontaps.run()
    assert [lead["OwnerId"] for lead in lemontaps.leads().values()] == [users["ingrid.hansen@nordwerk.example"]]


@pytest.mark.feature("LT-14")
def test_vcards_and_what_the_team_exports(lemontaps):
    lemontaps.app.insert("contacts", [{"last_name": "Lind", "company": "Nordwerk", "email": "m@x.example", "id": "lt_1"}])
    (lemontaps.files / "cards.vcf").write_text(lemontaps.app.action("export_file", format="vcf"))
    lemontaps.run()
    assert set(lemontaps.leads()) == {"lt_1"}
    (lemontaps.files / "table.csv").write_text(lemontaps.app.action("export_file", language="de", delimiter=";"))
    before = lemontaps.writes()
    lemontaps.run()
    assert lemontaps.writes() == before
    assert lemontaps.app.calls()["read"] == 0
