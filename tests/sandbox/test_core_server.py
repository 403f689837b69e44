"""The core around a small system of notes: counts, faults, state on disk, the clock."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import ClassVar

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.client import RedirectAdapter, SandboxClient
from sandbox.running import serve
from sandbox.store import Store
from sandbox.system import Switch, System


class Notes(System):
    """POST /notes keeps a note, GET /notes lists them; text `crash` raises after the change."""

    name = "notes"
    switches: ClassVar = {"loud": Switch(False, "answer in capitals")}

    def build(self, store: Store) -> Starlette:
        async def add(request: Request) -> JSONResponse:
            text = (await request.json())["text"]
            key = store.next_number("note")
            store.put("note", key, {"id": key, "text": text})
            if text == "crash":
                raise RuntimeError("crash")
            return JSONResponse({"id": key, "host": request.headers["host"]}, 201)

        async def listing(request: Request) -> JSONResponse:
            texts = [note["text"] for note in store.table("note").values()]
            return JSONResponse([text.upper() for text in texts] if self.switch(store, "loud") else texts)

        return Starlette(routes=[Route("/notes", add, methods=["POST"]), Route("/notes", listing)])

    def insert(self, store, kind, records):
        for record in records:
            store.put(kind, record["id"], record)
        return [record["id"] for record in records]


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxClient]:
    with serve(Notes()) as client:
        yield client


@pytest.fixture
def notes(running: SandboxClient) -> SandboxClient:
    running.reset()
    return running


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def post(http, notes, text="a", **options):
    return http.post(f"{notes.url}/notes", json={"text": text}, timeout=5, **options)


def texts(http, notes):
    return http.get(f"{notes.url}/notes", timeout=5).json()


def test_calls_are_counted_by_kind_and_label(http, notes):
    post(http, notes)
    texts(http, notes)
    calls = notes.calls()
    assert (calls["read"], calls["write"], calls["by"]) == (1, 1, {"POST /notes": 1, "GET /notes": 1})
    notes.reset_calls()
    assert notes.calls()["read"] == 0


def test_raw_inserts_are_not_counted(http, notes):
    assert notes.insert("note", [{"id": 7, "text": "raw"}]) == [7]
    assert notes.records("note") == [{"id": 7, "text": "raw"}]
    assert notes.calls()["write"] == 0


@pytest.mark.parametrize(
    ("kind", "status"), [("401", 401), ("429", 429), ("500", 500), ("502", 502), ("503", 503), ("html", 503)]
)
def test_a_status_fault_strikes_once_and_nothing_is_done(http, notes, kind, status):
    notes.fault(kind, retry_after=3)
    answer = post(http, notes)
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("3" if kind == "429" else None)
    assert answer.headers["content-type"].startswith("text/html" if kind == "html" else "application/json")
    assert texts(http, notes) == []
    assert post(http, notes).status_code == 201


def test_a_fault_waits_for_its_request(http, notes):
    notes.fault("500", method="POST", path="^/notes$", after=1, times=2)
    assert [texts(http, notes), post(http, notes).status_code] == [[], 201]
    assert [post(http, notes).status_code for _ in range(3)] == [500, 500, 201]
    assert notes.faults() == []


def test_a_fault_for_ever_lasts_until_cleared(http, notes):
    notes.fault("502", times=-1)
    assert {post(http, notes).status_code for _ in range(5)} == {502}
    notes.clear_faults()
    assert post(http, notes).status_code == 201


def test_a_share_of_requests_is_struck(http, notes):
    notes.fault("500", times=-1, share=0.5)
    struck = [post(http, notes).status_code for _ in range(40)].count(500)
    assert 8 < struck < 32


def test_a_cut_connection_did_nothing(http, notes):
    notes.fault("cut")
    with pytest.raises(requests.ConnectionError):
        post(http, notes)
    assert texts(http, notes) == []


def test_a_lost_answer_did_its_work(http, notes):
    notes.fault("lost")
    with pytest.raises(requests.ConnectionError):
        post(http, notes)
    assert texts(http, notes) == ["a"]


def test_half_an_answer_did_its_work(http, notes):
    notes.fault("half")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(http, notes)
    assert texts(http, notes) == ["a"]
    assert post(http, notes).status_code == 201


def test_a_broken_answer_says_that_it_is_whole(http, notes):
    notes.fault("broken")
    answer = post(http, notes)
    assert (answer.status_code, len(answer.content)) == (201, int(answer.headers["content-length"]))
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert texts(http, notes) == ["a"]


def test_a_blank_answer_did_its_work(http, notes):
    notes.fault("blank")
    answer = post(http, notes)
    assert (answer.status_code, answer.content) == (201, b"")
    assert texts(http, notes) == ["a"]


def test_rows_that_are_read_come_twice_and_writes_pass(http, notes):
    notes.fault("doubled")
    assert post(http, notes).json()["id"] == 1
    assert texts(http, notes) == ["a", "a"]
    assert texts(http, notes) == ["a"]


@pytest.mark.parametrize(("kind", "status"), [("page", 200), ("redirect", 302)])
def test_what_stands_between_answers_instead(http, notes, kind, status):
    notes.fault(kind)
    assert post(http, notes, allow_redirects=False).status_code == status
    assert texts(http, notes) == []


def test_the_method_is_a_pattern(http, notes):
    notes.fault("500", method="POST|PATCH")
    assert texts(http, notes) == []
    assert post(http, notes).status_code == 500


def test_a_request_delivered_twice_is_done_twice(http, notes):
    notes.fault("twice")
    assert post(http, notes).status_code == 201
    assert texts(http, notes) == ["a", "a"]


def test_a_slow_answer_comes_late_but_comes(http, notes):
    notes.fault("slow", seconds=0.2)
    started = time.monotonic()
    assert post(http, notes).status_code == 201
    assert time.monotonic() - started >= 0.2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_crashed_handler_leaves_nothing_behind(http, notes):
    assert post(http, notes, "crash").status_code == 500
    assert texts(http, notes) == []


def test_the_date_header_follows_the_clock(http, notes):
    before = parsedate_to_datetime(post(http, notes).headers["Date"])
    notes.clock(86400)
    after = parsedate_to_datetime(post(http, notes).headers["Date"])
    assert timedelta(days=1) <= after - before < timedelta(days=1, minutes=1)


def test_switches_turn_and_reset(http, notes):
    post(http, notes)
    assert notes.switches() == {"loud": False}
    assert notes.switches(loud=True) == {"loud": True}
    assert texts(http, notes) == ["A"]
    notes.reset()
    assert notes.switches() == {"loud": False}


def test_unknown_wishes_are_refused(notes):
    with pytest.raises(ValueError, match="404"):
        notes.switches(nothing=1)
    with pytest.raises(ValueError, match="404"):
        notes.action("nothing")
    with pytest.raises(ValueError, match="404"):
        notes.fault("nothing")
    with pytest.raises(ValueError, match="400"):
        notes.delete("note", 1)


def test_state_outlives_the_server(http, tmp_path: Path):
    with serve(Notes(), tmp_path) as notes:
        post(http, notes, "kept")
    with serve(Notes(), tmp_path) as notes:
        assert texts(http, notes) == ["kept"]
        assert post(http, notes).json()["id"] == 2


def test_redirect_keeps_the_host_name(http, notes):
    http.mount("https://", RedirectAdapter(notes.url))
    answer = http.post("https://acme.example/notes", json={"text": "a"}, timeout=5)
    assert answer.json()["host"] == "acme.example"


def test_tls_is_trusted_through_its_own_authority(http):
    with serve(Notes(), tls=True) as notes:
        http.verify = notes.authority
        assert re.match("https://127", notes.url)
        assert post(http, notes).status_code == 201
