"""Writes through sObject Collections: 200 records a packet, five packets a call, one result per record, culprits found by halving.

Packets in one call are transactions of their own. Plain creates, which cannot be repeated, go 200 a call.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Any, Literal

import msgspec

from connectors.contract import NOT_SENT, Result, Write
from connectors.errors import SyncError
from connectors.flat import unflatten
from connectors.salesforce_calls import TRANSIENT_CODES, ApiError, Request, SalesforceCalls, problem_of
from connectors.salesforce_shapes import ANSWERS, Saved
from connectors.salesforce_soql import ID, long_id
from connectors.session import LostAnswerError

PACKET_ROWS = 200
PACKETS_PER_CALL = 5  # the API's limit of collections in one call
SPLIT_CALLS = 32  # further calls per packet to find the records that spoil it: two culprits among 200
LOST_ANSWERS_LIMIT = 3  # in a row: the server hangs, stop
# One record's trigger or flow fails the whole packet with this code.
SPOILED = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
SPOILED_STATUSES = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
GONE_CODES = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})

Row = dict[str, Any]
Ask = Callable[[], list[Row]]
Verb = Literal["insert", "upsert", "update", "delete", "hardDelete"]


@dataclass(frozen=True, slots=True)
class Way:
    """How writes reach the API; `key` is the external-id field of an upsert."""

    verb: Verb
    key: str = ""

    def identity(self, write: Write) -> str:
        """Return what must not occur twice in one request; empty where nothing is at stake."""
        if self.verb == "upsert":
            return str(write.fields[self.key]).casefold()
        return long_id(write.id or "")


def way_of(write: Write, keys: Sequence[str]) -> Way:
    """Return how `write` goes; `keys` are the external-id fields of which a create may name one."""
    if write.operation != "create":
        return Way(write.operation)
    key = next((key for key in keys if write.fields.get(key) not in (None, "")), "")
    return Way("upsert", key) if key else Way("insert")


def packets(way: Way, writes: Sequence[Write], limit: int) -> Iterator[list[Write]]:
    """Cut `writes` into packets of at most `limit` in which no record occurs twice."""
    packet: list[Write] = []
    known: set[str] = set()
    for write in writes:
        identity = way.identity(write)
        if packet and (len(packet) >= limit or identity in known):
            yield packet
            packet, known = [], set()
        packet.append(write)
        known |= {identity} - {""}
    if packet:
        yield packet


class Collections:
    """Writes records of one object, with `headers` of their own. One instance serves one `write` of the connector."""

    def __init__(self, calls: SalesforceCalls, source: str, headers: Mapping[str, str] | None = None) -> None:
        self._calls = calls
        self._headers = headers
        self._source = source
        self._spare_calls = 0
        self._lost_answers = 0
        self._stop: SyncError | None = None

    def write(self, way: Way, writes: Sequence[Write]) -> Iterator[Result]:
        """Yield one result per write, in order; raises what stopped it after the results known by then."""
        cut = packets(way, writes, PACKET_ROWS)
        while group := list(islice(cut, 1 if way.verb == "insert" else PACKETS_PER_CALL)):
            for packet, ask in zip(group, self._asked(way, group), strict=True):
                self._spare_calls += SPLIT_CALLS
                try:
                    yield from self._settle(way, packet, ask)
                except SyncError as error:
                    self._stop = self._stop or error
                    yield from (Result("failed", w.id, code=NOT_SENT, message=str(error), is_transient=True) for w in packet)
            if self._stop:
                raise self._stop

    def _asked(self, way: Way, group: Sequence[Sequence[Write]]) -> Iterator[Ask]:
        """Yield how to come to the answer of each packet; several are sent in one call, by themselves if that is refused as a whole."""
        if len(group) > 1:
            requests = [self._request(way, packet) for packet in group]
            try:
                answers: Sequence[Any] = self._calls.write_together(requests, self._headers, is_safe=way.verb != "insert")
            except LostAnswerError as error:
                answers = [error] * len(group)
            except ApiError:
                answers = []
            if answers:
                yield from (partial(_given, answer) for answer in answers)
                return
        for packet in group:
            yield partial(self._ask, way, packet)

    def _ask(self, way: Way, packet: Sequence[Write]) -> list[Row]:
        request = self._request(way, packet)
        response = self._calls.call(request.method, request.path, "write", json=request.body, headers=self._headers)
        return list(ANSWERS.written(response, list[Any]))

    def _settle(self, way: Way, packet: Sequence[Write], ask: Ask) -> list[Result]:
        """Send a packet; halve what was spoiled as a whole until the culprits stand alone or the spare calls are used up."""
        results, spoiled = self._send(way, packet, ask)
        for half in _halves(spoiled):
            if self._spare_calls <= 0 or self._stop:
                break
            self._spare_calls -= 1
            try:
                some = [packet[place] for place in half]
                parts = self._settle(way, some, partial(self._ask, way, some))
            except SyncError as error:
                self._stop = error
                break
            for place, result in zip(half, parts, strict=True):
                results[place] = result
        return results

    def _send(self, way: Way, packet: Sequence[Write], ask: Ask) -> tuple[list[Result], list[int]]:
        """Return the results and the places of those that may have failed for another record's sake."""
        everywhere = list(range(len(packet))) if len(packet) > 1 else []
        try:
            rows = _whole(ask(), len(packet))
        except LostAnswerError as error:
            self._count_lost(way, error)
            return [Result("unknown", write.id, message=str(error)) for write in packet], []
        except ApiError as error:
            if error.status not in SPOILED_STATUSES:
                raise
            failed = [Result("failed", w.id, code=error.code, message=error.words, is_transient=bool(everywhere)) for w in packet]
            return failed, everywhere
        self._lost_answers = 0
        results = [result_of(way, write, row) for write, row in zip(packet, rows, strict=True)]
        spoiled = [place for place in everywhere if results[place].code == SPOILED]
        if len(spoiled) < 2:
            return results, []
        for place in spoiled:
            results[place] = replace(results[place], is_transient=True)
        return results, spoiled

    def _count_lost(self, way: Way, error: LostAnswerError) -> None:
        self._lost_answers += 1
        if way.verb != "insert" or self._lost_answers >= LOST_ANSWERS_LIMIT:
            self._stop = error

    def _request(self, way: Way, packet: Sequence[Write]) -> Request:
        path = "composite/sobjects"
        if way.verb == "delete":
            return Request("DELETE", f"{path}?ids={','.join(str(write.id) for write in packet)}&allOrNone=false")
        body = {"allOrNone": False, "records": [self._row(write) for write in packet]}
        if way.verb == "insert":
            return Request("POST", path, body)
        return Request("PATCH", path if way.verb == "update" else f"{path}/{self._source}/{way.key}", body)

    def _row(self, write: Write) -> dict[str, Any]:
        head: dict[str, Any] = {"attributes": {"type": self._source}}
        return head | ({"id": write.id} if write.id else {}) | unflatten(write.fields)


def _given(answer: list[Row] | SyncError) -> list[Row]:
    if isinstance(answer, SyncError):
        raise answer
    return answer


def _whole(rows: Any, count: int) -> list[Row]:
    """Return the outcomes if there is one for each record. Raises LostAnswerError: without, nobody knows what was written."""
    try:
        outcomes: list[Row] = msgspec.convert(rows, list[Saved]) and rows
    except msgspec.ValidationError as error:
        raise LostAnswerError(f"Salesforce's answer to a write is not as its API gives it: {error}.") from None
    if len(outcomes) != count:
        raise LostAnswerError(f"Salesforce tells of {len(outcomes)} records of {count} that were written.")
    return outcomes


def result_of(way: Way, write: Write, row: Mapping[str, Any]) -> Result:
    """Return the result of one record; a delete of what is gone already is done."""
    if row["success"]:
        return Result("done", long_id(str(row.get("id") or write.id)))
    problem = problem_of(row.get("errors"))
    return refusal(way, write, problem.code, problem.message)


def refusal(way: Way, write: Write, code: str, message: str) -> Result:
    """Return the result of a refused record; `id` is the record that holds the value already where the API names it."""
    if way.verb == "delete" and code in GONE_CODES:
        return Result("done", write.id)
    holder = ID.search(message.partition("record with id: ")[2]) if code == "DUPLICATE_VALUE" else None
    is_locked = code == SPOILED and "UNABLE_TO_LOCK_ROW" in message
    id = long_id(holder.group()) if holder else write.id
    return Result("failed", id, code=code, message=message, is_transient=is_locked or code in TRANSIENT_CODES)


def _halves(places: Sequence[int]) -> list[Sequence[int]]:
    middle = (len(places) + 1) // 2
    return [half for half in (places[:middle], places[middle:]) if half]
