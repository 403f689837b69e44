"""Writes under way side by side are told one by one, in their order, whatever goes wrong."""

import threading
from collections.abc import Sequence

import pytest

from connectors.abreast import send_abreast
from connectors.contract import Result, Write
from connectors.errors import RateLimitError, SyncError
from connectors.session import LostAnswerError

WRITES = [Write("create", None, {"n": n}) for n in range(20)]


class Server:
    """Answers each write by its number; `errors` are raised for theirs. Remembers how many were under way at a time."""

    def __init__(self, **errors: SyncError) -> None:
        self.errors = {int(key[1:]): error for key, error in errors.items()}
        self.seen: list[int] = []
        self.under_way = self.most = 0
        self.lock = threading.Lock()
        self.meeting = threading.Barrier(4)

    def send(self, write: Write) -> Result:
        number = write.fields["n"]
        with self.lock:
            self.seen.append(number)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        if number < 4 and not self.errors:
            self.meeting.wait(10)
        with self.lock:
            self.under_way -= 1
        if number in self.errors:
            raise self.errors[number]
        return Result("done", str(number))


def told(server: Server, writes: Sequence[Write] = WRITES) -> tuple[list[str], SyncError | None]:
    states = []
    try:
        for result in send_abreast(server.send, writes, 4):
            states.append(result.id or result.state)
    except SyncError as error:
        return states, error
    return states, None


def test_four_at_a_time_in_their_order() -> None:
    server = Server()
    assert told(server) == ([str(n) for n in range(20)], None)
    assert server.most == 4


def test_nothing_to_write_sends_nothing() -> None:
    server = Server()
    assert told(server, []) == ([], None)
    assert server.seen == []


def test_a_lost_answer_of_a_create_stops_nothing() -> None:
    states, error = told(Server(n5=LostAnswerError("lost")))
    assert error is None
    assert states == [*map(str, range(5)), "unknown", *map(str, range(6, 20))]


def test_what_was_under_way_beside_an_error_is_told_and_nothing_more_is_sent() -> None:
    server = Server(n5=RateLimitError("wait", 60))
    states, error = told(server)
    assert isinstance(error, RateLimitError)
    assert states[:5] == ["0", "1", "2", "3", "4"]
    assert len(server.seen) <= 9
    done = {n for n in server.seen if n != 5}
    assert {int(each) for each in states if each != "failed"} == done
    assert states.count("failed") == (max(done) > 5)


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_a_lost_answer_of_a_change_stops_the_sending(operation: str) -> None:
    server = Server(n2=LostAnswerError("lost"))
    writes = [Write(operation, str(n), {"n": n}) for n in range(20)]  # type: ignore[arg-type]
    states, error = told(server, writes)
    assert isinstance(error, LostAnswerError)
    assert states[:3] == ["0", "1", "2"]
    assert len(states) == len(server.seen) <= 6
