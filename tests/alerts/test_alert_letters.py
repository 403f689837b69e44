"""What the mails say, from the state that real runs leave in Postgres; they are read as a mail program would."""

import re

import pytest
from post import words

from connectors.errors import AuthError, MappingError, PermanentError, RecordsRejectedError, TransientError
from connectors.memory import MemoryConnector
from pipeline import Pipeline
from sync.alert_text import of_failure, of_held, of_recovery
from sync.alerts import Ending, FailedTask, Summary, advice, change_of_state, describe, summarize

PAGE = "http://airflow.example/plugin/sync-health"
RUN = "http://airflow.example/dags/d/runs/r"


def ended(*failed: FailedTask, is_success: bool = False) -> Ending:
    """A run of Freshdesk that has ended."""
    return Ending("salesforce_freshdesk", "r", RUN, is_success, "", failed)


@pytest.mark.feature("ALL-11")
def test_a_state_is_news_once_and_only_counts_as_told_when_the_mail_went(memory: Pipeline) -> None:
    for state, former in (
        ("ok", None),
        ("stopped", "ok"),
        ("stopped", None),
        ("rejected", "stopped"),
        ("ok", "rejected"),
        ("ok", None),
    ):
        with change_of_state(memory.engine, "d", state) as found:  # type: ignore[arg-type]
            assert found == former
    with pytest.raises(OSError, match="no mail server"), change_of_state(memory.engine, "d", "stopped"):
        raise OSError("no mail server")
    with change_of_state(memory.engine, "d", "stopped") as again:
        assert again == "ok"


@pytest.mark.feature("ALL-11")
def test_ids_field_names_and_codes_are_told_and_no_value(memory: Pipeline) -> None:
    people = memory.connectors["salesforce"]
    assert isinstance(people, MemoryConnector)
    for number in range(14):
        people.put("contact", LastName=f"Secret{number}")
    people.put("contact", LastName="Berg", Email="secret@nordwerk.example")
    memory.run(mode="backfill")
    summary = summarize(memory.engine, "salesforce_freshdesk", memory.run_id)
    assert (summary.is_whole, summary.rejected, summary.news, summary.waiting) == (True, 14, 14, 14)
    assert summary.written["contact to_app create"] == 1
    [reason] = summary.reasons
    assert re.fullmatch(r"contact salesforce-contact-\d+ in salesforce and 13 more: [a-z, /]*\(required\).*", reason)
    assert "ecret" not in of_failure(ended(FailedTask("load", RecordsRejectedError.__name__)), summary, PAGE).text()


@pytest.mark.feature("ALL-11")
def test_html_is_escaped_and_text_says_the_same() -> None:
    evil = FailedTask("load", "PermanentError", 'no "a" & <script>alert(1)</script>', "http://a/?x=1&y=<")
    mail = of_failure(ended(evil), Summary(reasons=("contact 1 in app: <b> (required)",)), PAGE).message(
        "a@b.example", ("c@d.example",)
    )
    html = words(mail, "html")
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert 'href="http://a/?x=1&amp;y=&lt;"' in html
    assert "&lt;b&gt; (required)" in html
    assert "contact 1 in app: <b> (required)" in words(mail)
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.feature("ALL-11")
def test_only_records_held_back_is_another_state_than_a_stop() -> None:
    rejected = FailedTask("load", RecordsRejectedError.__name__)
    assert ended(rejected).state() == "rejected"
    assert ended(rejected, FailedTask("map")).state() == "stopped"
    assert ended().state() == "stopped"
    assert ended(is_success=True).state() == "ok"
    assert ended(is_success=True).state(is_held=True) == "held"


@pytest.mark.feature("ALL-11")
def test_what_to_do_follows_from_the_class_of_the_error() -> None:
    assert "pass by itself" in advice(TransientError.__name__)
    assert "A person must act" in advice(AuthError.__name__)
    assert "Clear the task" in advice("")
    assert "Clear the task" in advice("ValueError")


@pytest.mark.feature("ALL-11")
def test_words_of_errors_that_are_not_ours_may_hold_values_and_stay_out() -> None:
    assert "mara@nordwerk.example" not in str(describe(ValueError("mara@nordwerk.example")))
    assert describe(PermanentError("no rights"))["message"] == "no rights"
    long = describe(MappingError([f"contact.csv:{n}:1: no" for n in range(40)]))["message"].splitlines()
    assert (len(long), long[-1]) == (13, "… and 29 more lines in the log of the task")


@pytest.mark.feature("ALL-11")
def test_a_recovery_says_what_still_waits_and_a_held_plan_why() -> None:
    letter = of_recovery(ended(is_success=True), Summary(waiting=3), "rejected", PAGE)
    assert "3 records still wait to be mended." in letter.text()
    assert "(it was: done, but records were rejected)" in letter.text()
    held = of_held(
        ended(is_success=True), Summary(held=("contact to_app create: 900, and guard.create.most lets 100 pass",)), PAGE
    )
    assert "900" in held.text()
    assert "Required Actions" in held.html()
