"""Errors reach logs and mails that many people read: they quote no values of records (docs/operations.md)."""

import json
import traceback

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from connectors import activecampaign_calls, forcemanager_calls, freshdesk_calls, getresponse_calls
from connectors.errors import PermanentError, SyncError, quiet
from connectors.lemontaps_calls import Access, LemontapsCalls
from connectors.salesforce_calls import error_of, problem_of
from connectors.session import Session
from sync.database import copy_lines, driver
from sync.locks import integration_lock

MARA = "mara.lind@nordwerk.example"
SOQL = (
    "\nLastName FROM Contact WHERE Emial IN ('mara.lind@nordwerk.example','O\\'Hara')\n"
    "                            ^\nERROR at Row:1:Column:40\nNo such column 'Emial' on entity 'Contact'."
)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (SOQL, "ERROR at Row:1:Column:40\nNo such column 'Emial' on entity 'Contact'."),
        ("unexpected token: email='Mara Lind' OR phone='030", "unexpected token: email='…' OR phone='…'"),
        (f"{MARA} is taken", "… is taken"),
        (f'address "{MARA}" (of <{MARA}>)', 'address "…" (of <…>)'),
        (
            "user hasn't approved this consumer; No such column 'Emial'",
            "user hasn't approved this consumer; No such column 'Emial'",
        ),
    ],
)
def test_a_systems_words_about_a_request_lose_what_they_quote_of_people(words, shown):
    assert quiet(words) == shown


def test_a_query_that_salesforce_refuses_shows_its_reason_and_nobody():
    problem = problem_of([{"errorCode": "INVALID_FIELD", "message": SOQL}])
    shown = str(error_of("/services/data/v59.0/query", 400, problem))
    assert "No such column 'Emial'" in shown
    assert "mara" not in shown
    assert "Hara" not in shown


@pytest.mark.parametrize("calls", [activecampaign_calls, forcemanager_calls, freshdesk_calls, getresponse_calls])
def test_a_request_that_an_app_refuses_names_nobody(calls):
    from requests import Request, Response

    response = Response()
    response.status_code, response.url = 400, "https://acme.example/api/contacts"
    response.request = Request("GET", response.url).prepare()
    body = {"code": 1000, "message": f"nobody is called {MARA}", "errors": [{"title": f"nobody is called {MARA}"}]}
    response._content = json.dumps(body).encode()
    with pytest.raises(SyncError, match="nobody is called …") as caught:
        calls.expect(response)
    assert MARA not in "".join(traceback.format_exception(caught.value))


def refused(engine: Engine, is_raw: bool) -> None:
    """Write what is no JSON, by COPY or by a statement, as a stage does."""
    with integration_lock(engine, "salesforce_freshdesk"), engine.begin() as connection:
        connection.execute(text("create temporary table people (fields jsonb) on commit drop"))
        if is_raw:
            copy_lines(connection, "people", ["fields"], [f'{{"email": "{MARA}"'])
        else:
            connection.execute(text("insert into people values (cast(:fields as jsonb))"), {"fields": f'{{"email": "{MARA}"'})


@pytest.mark.parametrize("is_raw", [True, False], ids=["copy", "statement"])
def test_a_row_that_the_database_refuses_is_not_in_the_error(engine: Engine, is_raw: bool) -> None:
    with pytest.raises(Exception, match="invalid input syntax") as caught:
        refused(engine, is_raw)
    shown = "".join(traceback.format_exception(caught.value))
    assert isinstance(caught.value, DBAPIError) is not is_raw
    assert "mara" not in shown
    assert "invalid input syntax for type json" in shown


def test_the_lock_is_free_after_such_an_error(engine: Engine) -> None:
    for _ in range(2):
        with pytest.raises(DBAPIError), integration_lock(engine, "salesforce_freshdesk"), engine.begin() as connection:
            connection.execute(text("select 1 / 0"))
    with engine.connect() as connection:
        assert driver(connection).execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone() == (0,)


def test_what_lemontaps_says_of_a_request_names_nobody():
    from transport import Answers  # type: ignore[import-not-found]

    session = Session(pause=lambda _: None)
    session.http.mount("https://", Answers((400, {}, json.dumps({"error": {"code": "bad", "message": f"no {MARA}"}}))))
    with pytest.raises(PermanentError, match="no …") as caught:
        LemontapsCalls(Access("https://acme.example", "token"), session).get("contacts")
    assert MARA not in str(caught.value)
