"""What must never be written: a source that is suddenly empty, another org or account, a mapping that has slipped by a column."""

import csv
import io

import pytest

from connectors.errors import MappingError, PermanentError, TooManyRejectedError
from pipeline import World, freshdesk_connectors
from sandbox.client import SandboxClient
from sync.stages import STAGES

PEOPLE = 25

pytestmark = pytest.mark.feature("ALL-21")


@pytest.fixture
def linked(enabled: World) -> World:
    """Both systems with the same people, linked, under a guard as it is shipped; runs with the data-quality checks."""
    people = [{"LastName": f"P{n:02d}", "Email": f"p{n}@nordwerk.example", "Title": "old"} for n in range(PEOPLE)]
    enabled.salesforce.insert("Contact", people)
    enabled.run(mode="backfill")
    enabled.run()
    enabled.stages = STAGES
    enabled.change("settings.yaml", "guard: {first_run: go}", "guard: {first_run: hold}")
    return enabled


@pytest.mark.feature("ALL-10")
@pytest.mark.parametrize("side", ["salesforce", "app"])
def test_a_side_that_is_suddenly_empty_stops_the_run(linked: World, side: str) -> None:
    """A restored copy, a right taken away, a filter in the system: everything is gone, and nobody deleted it."""
    server: SandboxClient = getattr(linked, side)
    server.reset(cross_references=True)
    if side == "salesforce":
        server.action("expire_tokens")
    before = linked.writes()
    with pytest.raises(TooManyRejectedError) as caught:
        linked.run(mode="backfill")
    assert linked.writes() == before
    words = f"salesforce_freshdesk contact: {side} showed 0 records where at least"
    assert words in str(caught.value)
    assert "nothing was written. Check the rights of the integration user and whether the right org" in str(caught.value)
    assert linked.rows("select count(*) from sync.link where state = 'live' and entity = 'contact'") == [(PEOPLE,)]
    linked.run()
    assert linked.writes() == before, "a scheduled run takes what is not there for unchanged"


def test_a_connection_to_another_account_writes_nothing_before_a_person_agrees(linked: World) -> None:
    """Another help desk behind the same connection: nothing of the old links is taken over, and its first plan waits."""
    linked.app.reset(cross_references=True)
    linked.app.insert("contacts", [{"name": "Somebody Else", "email": "else@other.example"}])
    linked.connectors = freshdesk_connectors(linked.salesforce.url, linked.app.url, domain="other")
    before = linked.writes()
    linked.run(mode="backfill")
    assert linked.writes() == before
    [(name, reasons)] = linked.rows(
        "select i.account_id, p.reasons from sync.approval p join sync.batch b on b.id = p.batch_id"
        " join sync.integration i on i.id = b.integration_id where p.state = 'waiting'"
    )
    assert name == "other.freshdesk.com"
    assert "first" in reasons[0]


def test_a_connection_that_changes_within_a_run_stops_it(linked: World) -> None:
    linked.edit(linked.salesforce.records("Contact")[0]["Id"], Title="new")
    linked.run(stages=STAGES[:-1])
    linked.connectors = freshdesk_connectors(linked.salesforce.url, linked.app.url, domain="other")
    before = linked.writes()
    with pytest.raises(PermanentError) as caught:
        linked.stage("load")
    assert linked.writes() == before
    for part in (
        "salesforce_freshdesk: run",
        "nordwerk.freshdesk.com",
        "other.freshdesk.com",
        "nothing was written",
        "Trigger a new run",
    ):
        assert part in str(caught.value)


def shift(world: World, place: int, first: int = 1) -> None:
    """Let the cells of one column slip a row down, as a spreadsheet does when one cell is inserted; all names stay real names."""
    path = world.folder / "contact.csv"
    head, *rows = list(csv.reader(io.StringIO(path.read_text())))
    last = next(n for n, row in enumerate(rows) if row[0] == "Description")
    kept = [row[place] for row in rows[first : last + 1]]
    for row, cell in zip(rows[first : last + 1], [kept[-1], *kept[:-1]], strict=True):
        row[place] = cell
    out = io.StringIO(newline="")
    csv.writer(out).writerows([head, *rows])
    path.write_text(out.getvalue())


@pytest.mark.feature("ALL-07")
@pytest.mark.parametrize("place", [0, 1])
def test_a_column_that_slipped_by_a_row_stops_the_run(linked: World, place: int) -> None:
    shift(linked, place)
    for row in linked.salesforce.records("Contact"):
        linked.edit(row["Id"], Description="changed")
    before = linked.writes()
    with pytest.raises(MappingError) as caught:
        linked.run()
    assert linked.writes() == before
    assert "contact.csv:" in str(caught.value)


@pytest.mark.feature("ALL-07")
def test_a_table_that_slipped_by_a_cell_stops_the_run(linked: World) -> None:
    path = linked.folder / "contact.csv"
    head, *rows = path.read_text().splitlines()
    path.write_text("\n".join([head, *(f",{row}" for row in rows)]))
    before = linked.writes()
    with pytest.raises(MappingError) as caught:
        linked.run()
    assert linked.writes() == before
    assert "contact.csv:2" in str(caught.value)


def test_two_columns_of_one_kind_that_changed_places_are_held(linked: World) -> None:
    """No check can know that a title is no description: the plan changes far more than any run before, and waits."""
    linked.change("contact.csv", "Title,job_title,both", "Title,description,both")
    linked.change("contact.csv", "Description,description,both", "Description,job_title,both")
    before = linked.writes()
    counts = linked.run(mode="backfill")
    assert linked.writes() == before
    assert any("guard.update.share lets" in words or "guard.emptied_share lets" in words for words in counts["reconcile"]["held"])
