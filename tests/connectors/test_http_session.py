"""The HTTP session: what is repeated, how long, what is logged, what is refused."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
import requests
from transport import Answers, response
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from connectors.answers import asked_at, redact, retry_after_seconds, server_time
from connectors.errors import AuthError, PermanentError, RateLimitError, TransientError
from connectors.session import LostAnswerError, Session
from connectors.shapes import Answers as Shapes

URL = "https://acme.example/api/things"
OK = (200, {}, "[]")
BUSY = (503, {}, "<html>maintenance</html>")


def refused():
    pool = HTTPSConnectionPool("acme.example")
    return requests.ConnectionError(MaxRetryError(pool, "/secret?email=a@b.example", NewConnectionError(pool, "refused")))


def cut():
    return requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))


class Clock:
    """Remembers the pauses instead of making them."""

    def __init__(self):
        self.pauses = []

    def __call__(self, seconds):
        self.pauses.append(seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def session_of(clock):
    def build(*answers, **options):
        session = Session(pause=clock, **options)
        session.transport = Answers(*answers)
        session.http.mount("https://", session.transport)
        return session

    return build


@pytest.mark.parametrize("id", ["../agents/me", "7/../../agents/me", "%2e%2E/agents/me", ".."])
def test_an_id_that_leads_elsewhere_is_not_asked_for(session_of, id):
    session = session_of(OK)
    with pytest.raises(PermanentError, match="leads elsewhere"):
        session.call("GET", f"https://acme.example/api/contacts/{id}", "read")
    assert not session.calls
    assert session.call("GET", "https://acme.example/api/..things/a.b?at=../x", "read").ok


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("failure", [BUSY, (500, {}, ""), (429, {}, ""), cut(), refused(), requests.ReadTimeout()], ids=str)
def test_what_may_be_repeated_is_repeated(session_of, method, failure):
    session = session_of(failure, failure, OK)
    assert session.call(method, URL, "write").status_code == 200
    assert len(session.transport.requests) == 3


@pytest.mark.parametrize("failure", [BUSY, (500, {}, ""), cut(), requests.ReadTimeout()], ids=str)
def test_a_post_that_may_have_been_done_is_not_repeated(session_of, failure):
    session = session_of(failure, OK)
    with pytest.raises(LostAnswerError):
        session.call("POST", URL, "write")
    assert len(session.transport.requests) == 1


@pytest.mark.parametrize("body", ['{"id": 1, "na', "[", "", " "])
def test_an_answer_that_ends_in_the_middle_is_asked_for_again(session_of, body):
    session = session_of((200, {}, body), OK)
    assert session.call("GET", URL, "read").text == "[]"
    assert len(session.transport.requests) == 2


def test_a_create_whose_answer_ends_in_the_middle_may_have_been_done(session_of):
    session = session_of((201, {}, '{"id": 1, "na'), OK)
    with pytest.raises(LostAnswerError):
        session.call("POST", URL, "write")
    assert len(session.transport.requests) == 1


def test_a_write_whose_answer_says_nothing_may_have_been_done(session_of):
    with pytest.raises(LostAnswerError, match="looked up"):
        Shapes("Acme").written(session_of((201, {}, "")).call("POST", URL, "write"), dict)


@pytest.mark.parametrize(("method", "status", "media"), [("POST", 202, "json"), ("DELETE", 200, "json"), ("GET", 200, "csv")])
def test_what_needs_no_body_may_come_without(session_of, method, status, media):
    assert session_of((status, {}, "")).call(method, URL, "write", media=media).status_code == status


@pytest.mark.parametrize("failure", [(429, {}, ""), refused(), requests.ConnectTimeout()], ids=str)
def test_a_post_that_was_surely_not_done_is_repeated(session_of, failure):
    session = session_of(failure, OK)
    assert session.call("POST", URL, "write").status_code == 200


def test_a_safe_post_is_repeated(session_of):
    assert session_of(cut(), OK).call("POST", URL, "read", is_safe=True).status_code == 200


def test_a_write_that_was_once_sent_stays_unknown_when_later_repeats_are_refused(session_of):
    session = session_of(cut(), refused(), total_seconds=5)
    with pytest.raises(LostAnswerError):
        session.call("PUT", URL, "write")


def test_retry_after_in_seconds_is_honoured(session_of, clock):
    session_of((429, {"Retry-After": "7"}, ""), OK).call("GET", URL, "read")
    assert 7 <= clock.pauses[0] < 8


def test_retry_after_as_a_date_counts_from_the_servers_clock(session_of, clock):
    headers = {"Retry-After": "Wed, 21 Oct 2026 07:28:09 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    session_of((503, headers, ""), OK).call("GET", URL, "read")
    assert 9 <= clock.pauses[0] < 10


def test_retry_after_beyond_the_cap_raises_at_once(session_of, clock):
    with pytest.raises(RateLimitError) as caught:
        session_of((429, {"Retry-After": "600"}, "")).call("GET", URL, "read")
    assert caught.value.wait_seconds == 600
    assert clock.pauses == []


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), ("0.5", 0.5), ("soon", None), ("", None)])
def test_retry_after_reads_what_it_can(text, seconds):
    assert retry_after_seconds(response(429, {"Retry-After": text})) == seconds


def test_the_total_cap_holds(session_of, clock):
    with pytest.raises(TransientError):
        session_of((500, {}, ""), total_seconds=20).call("GET", URL, "read")
    assert sum(clock.pauses) <= 20
    assert len(clock.pauses) > 3


def test_backoff_grows(session_of, clock):
    with pytest.raises(TransientError):
        session_of((500, {}, "")).call("GET", URL, "read")
    assert clock.pauses[4] > clock.pauses[0]
    assert max(clock.pauses) <= 30


def test_every_attempt_has_timeouts(session_of):
    session = session_of(cut(), OK)
    session.call("GET", URL, "read")
    assert session.transport.timeouts == [(10.0, 60.0)] * 2


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_an_auth_error_with_the_apis_words(session_of, status):
    with pytest.raises(AuthError, match="invalid_credentials"):
        session_of((status, {}, '{"code":"invalid_credentials","message":"no"}')).call("GET", URL, "read")


def test_an_auth_status_the_caller_wants_to_see_is_returned(session_of):
    assert session_of((401, {}, "")).call("GET", URL, "read", answers=(401,)).status_code == 401


def test_a_web_page_instead_of_json_is_transient(session_of):
    with pytest.raises(TransientError, match="web page"):
        session_of((200, {}, "<!doctype html><p>log in")).call("GET", URL, "read")


def test_a_web_page_after_a_post_leaves_it_unknown(session_of):
    with pytest.raises(LostAnswerError, match="web page"):
        session_of((200, {}, "<html>")).call("POST", URL, "write")


def test_a_redirect_names_the_host_as_the_thing_to_check(session_of):
    with pytest.raises(PermanentError, match="host"):
        session_of((302, {"Location": "https://elsewhere.example"}, "")).call("GET", URL, "read")


def test_a_refused_certificate_is_permanent(session_of):
    session = session_of(requests.exceptions.SSLError("bad certificate"))
    with pytest.raises(PermanentError, match="certificate"):
        session.call("GET", URL, "read")
    assert len(session.transport.requests) == 1


def test_no_secret_and_no_person_in_any_log_line_or_error(session_of, caplog):
    caplog.set_level(logging.DEBUG)
    session = session_of(refused(), (500, {}, "ada@acme.example"), (400, {}, "ada@acme.example"))
    url = "https://user:pass@acme.example/contacts/ada@acme.example?email=ada%40acme.example&page=2"
    session.call("GET", url, "read", auth=("key", "X"), headers={"X-Token": "token"})
    with pytest.raises(TransientError) as caught:
        session_of(refused(), total_seconds=1).call("GET", url, "read", auth=("key", "X"))
    shown = caplog.text + str(caught.value) + repr(caught.value.__cause__)
    assert "acme.example/contacts/…?email&page" in caplog.text
    assert not [word for word in ("ada", "pass", "token", "key", "a@b") if word in shown.replace("keys", "")]


def test_redact_keeps_ids_and_drops_values():
    assert redact("https://h.example/contacts/42?email=a@b&page=2") == "h.example/contacts/42?email&page"


def test_calls_are_counted_and_told(session_of):
    heard = []
    session = session_of(
        refused(),
        (500, {"X-Left": "1"}, ""),
        (200, {"X-Left": "0"}, "[]"),
        on_call=lambda kind, h: heard.append((kind, h["X-Left"])),
    )
    session.call("GET", URL, "read")
    session.call("POST", URL, "write")
    assert session.calls == {"read": 2, "write": 1}
    assert heard == [("read", "1"), ("read", "0"), ("write", "0")]


def test_an_answer_may_mean_busy_in_its_own_way(session_of, clock):
    session = session_of((403, {}, "slow down"), OK, is_busy=lambda answer: "slow" in answer.text)
    assert session.call("POST", URL, "write").status_code == 200


def test_plain_http_is_refused_unless_a_loopback_is_configured(session_of):
    with pytest.raises(PermanentError, match="https"):
        session_of(OK).call("GET", "http://127.0.0.1:8000/", "read")


def test_a_loopback_must_be_one():
    with pytest.raises(PermanentError, match="loopback"):
        Session(loopback="http://acme.example")


def test_server_time_is_the_date_header_in_utc():
    assert server_time(response(200, {"Date": "Wed, 21 Oct 2026 09:28:00 +0200"})) == datetime(2026, 10, 21, 7, 28, tzinfo=UTC)
    assert server_time(response(200)).tzinfo is UTC


def test_an_answer_that_took_its_time_shows_what_was_there_before():
    slow = response(200, {"Date": "Wed, 21 Oct 2026 09:28:00 +0200"})
    slow.elapsed = timedelta(seconds=29.6)
    assert asked_at(slow) == datetime(2026, 10, 21, 7, 27, 30, tzinfo=UTC)
