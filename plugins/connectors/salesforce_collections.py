"""Writes through sObject Collections: 200 records a call, one result per record, culprits found by halving."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Literal

from requests import Response

from connectors.contract import Result, Write
from connectors.errors import SyncError
from connectors.flat import unflatten
from connectors.salesforce_calls import TRANSIENT_CODES, ApiError, SalesforceCalls, problem_of
from connectors.salesforce_soql import ID, long_id
from connectors.session import LostAnswerError, written

PACKET_ROWS = 200
SPLIT_CALLS = 32  # further calls per packet to find the records that spoil it: two culprits among 200
LOST_ANSWERS_LIMIT = 3  # in a row: the server hangs, stop
# One record's trigger or flow fails the whole packet with this code.
SPOILED = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
SPOILED_STATUSES = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
GONE_CODES = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})

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
        for packet in packets(way, writes, PACKET_ROWS):
            self._spare_calls += SPLIT_CALLS
            yield from self._settle(way, packet)
            if self._stop:
                raise self._stop

    def _settle(self, way: Way, packet: Sequence[Write]) -> list[Result]:
        """Send a packet; halve what was spoiled as a whole until the culprits stand alone or the spare calls are used up."""
        results, spoiled = self._send(way, packet)
        for half in _halves(spoiled):
            if self._spare_calls <= 0 or self._stop:
                break
            self._spare_calls -= 1
            try:
                parts = self._settle(way, [packet[place] for place in half])
            except SyncError as error:
                self._stop = error
                break
            for place, result in zip(half, parts, strict=True):
                results[place] = result
        return results

    def _send(self, way: Way, packet: Sequence[Write]) -> tuple[list[Result], list[int]]:
        """Return the results and the places of those that may have failed for another record's sake."""
        everywhere = list(range(len(packet))) if len(packet) > 1 else []
        try:
            rows = written(self._request(way, packet))
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

    def _request(self, way: Way, packet: Sequence[Write]) -> Response:
        path = "composite/sobjects"
        if way.verb == "delete":
            params = {"ids": ",".join(str(write.id) for write in packet), "allOrNone": "false"}
            return self._calls.call("DELETE", path, "write", params=params, headers=self._headers)
        body = {"allOrNone": False, "records": [self._row(write) for write in packet]}
        if way.verb == "insert":
            return self._calls.call("POST", path, "write", json=body, headers=self._headers)
        path = path if way.verb == "update" else f"{path}/{self._source}/{way.key}"
        return self._calls.call("PATCH", path, "write", json=body, headers=self._headers)

    def _row(self, write: Write) -> dict[str, Any]:
        head: dict[str, Any] = {"attributes": {"type": self._source}}
        return head | ({"id": write.id} if write.id else {}) | unflatten(write.fields)


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
