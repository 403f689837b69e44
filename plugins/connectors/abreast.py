"""Several writes under way at a time, told in their order: for APIs that take one record a call and allow more than one call per round trip."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps
from types import NoneType
from typing import Any, ParamSpec, TypeVar

from connectors.contract import NOT_SENT, Result, Write
from connectors.errors import SyncError
from connectors.session import LostAnswerError

LOST_ANSWERS_LIMIT = 3  # in a row: the server hangs, stop

Sent = tuple[Write, "Future[Result]"]


P = ParamSpec("P")
R = TypeVar("R")


def one_at_a_time(method: Callable[P, R]) -> Callable[P, R]:
    """Let one thread at a time into the methods of an object that are marked so; it has a `lock`.

    What several writes need is then asked for, or made, once.
    """

    @wraps(method)
    def locked(*arguments: P.args, **named: P.kwargs) -> R:
        owner: Any = arguments[0]
        with owner.lock:
            return method(*arguments, **named)

    return locked


def send_abreast(send: Callable[[Write], Result], writes: Sequence[Write], width: int) -> Iterator[Result]:
    """Yield one result per write, in order, with up to `width` under way.

    A lost answer is an `unknown` result; one of an update or a deletion, and several in a row, stop the sending, as any error does.
    What was under way by then is told first (one before it that may be repeated as a whole as NOT_SENT), then the error is raised.
    """
    waiting: deque[Sent] = deque()
    upcoming, lost = iter(writes), 0
    with ThreadPoolExecutor(width) as pool:
        try:
            while True:
                while len(waiting) < width and (write := next(upcoming, None)):
                    waiting.append((write, pool.submit(copy_context().run, send, write)))
                if not waiting:
                    return
                write, future = waiting.popleft()
                error = future.exception()
                if error is None:
                    lost = 0
                    yield future.result()
                    continue
                lost += 1
                is_lost = isinstance(error, LostAnswerError)
                if not is_lost or write.operation != "create" or lost >= LOST_ANSWERS_LIMIT:
                    yield from _rest((write, future), waiting)
                    raise error
                yield Result("unknown", write.id, message=str(error))
        finally:
            pool.shutdown(cancel_futures=True)


def _rest(failed: Sent, waiting: Sequence[Sent]) -> Iterator[Result]:
    """Tell of all up to the last that may have happened; what follows was not sent."""
    sent = [failed, *waiting]
    happened = [place for place, (_, future) in enumerate(sent) if isinstance(future.exception(), LostAnswerError | NoneType)]
    for write, future in sent[: max(happened, default=-1) + 1]:
        error = future.exception()
        if error is not None and not isinstance(error, SyncError):
            raise error
        yield future.result() if error is None else _told(write, error)


def _told(write: Write, error: SyncError) -> Result:
    if isinstance(error, LostAnswerError):
        return Result("unknown", write.id, message=str(error))
    return Result("failed", write.id, code=NOT_SENT, message=str(error), is_transient=True)
