"""Values that look like code are values: SOQL, SQL, HTML and formulas in records travel as they are and reach nobody else's record."""

import pytest

from pipeline import QUICK, World

HOSTILE = (
    "' OR Name != '",
    "x') OR (Id != '",
    "\\' OR '1'='1",
    "Robert'); drop table sync.link; --",
    "$$; delete from staging.raw; $$",
    "%s %(id)s :id {0} {{ dag }} ${jndi:x}",
    '<script>alert(1)</script> & "q"',
    "=HYPERLINK(\"http://a\",\"b\")",
    "tab\tand\\nbackslash \\",
    "ü 日本 🙂 \u202e",
)  # fmt: skip
TABLES = "select count(*) from information_schema.tables where table_schema in ('sync', 'staging') and table_name !~ '[0-9]{8}$'"


@pytest.fixture
def busy(world: World) -> World:
    """A world with people and firms who must not be touched."""
    world.stages = QUICK
    world.run()
    world.account("Bystander AG")
    world.contact(FirstName="By", LastName="Stander", Email="by@nordwerk.example")
    world.run()
    return world


@pytest.mark.parametrize("words", HOSTILE)
def test_as_a_value_and_as_a_key_it_matches_itself_alone(busy: World, words: str) -> None:
    tables = busy.rows(TABLES)
    firm, company = busy.account(words), busy.company(words)
    here = busy.contact(FirstName="Ada", LastName=words[:80], Email="ada@nordwerk.example", Description=words)
    there = busy.desk_contact(name=words, email="there@nordwerk.example", job_title=words, description=words)
    busy.run()
    assert busy.partner("account", firm) == str(company)
    assert busy.desk(here)["description"] == words
    made = busy.person(there)
    assert made["Title"] == words
    assert made["Description"] == words
    assert len(busy.salesforce.records("Account")) == len(busy.app.records("companies")) == 2
    assert busy.contact_totals() == (3, 3)
    assert [row["Name"] for row in busy.salesforce.records("Account") if row["Id"] != firm] == ["Bystander AG"]
    assert busy.rows(TABLES) == tables
    busy.assert_settled()


@pytest.mark.parametrize("words", HOSTILE)
def test_as_a_record_id_that_somebody_types_it_finds_nothing(busy: World, words: str) -> None:
    before = busy.snapshot()
    assert busy.run(record_ids=(f"salesforce:{words}"[:100],))["extract"]["total"] == 0
    assert busy.snapshot() == before
