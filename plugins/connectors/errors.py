"""The errors of Lockstep. The class says what to do next, not which status came.

SyncError
├── TransientError            try again later: Airflow retries the task
│   └── RateLimitError        … after `wait_seconds`
│       └── BudgetError       our part of the day's calls is used up: the run ends as partial
└── PermanentError            a person must act: Airflow fails the task at the first try
    ├── AuthError             credentials, rights
    │   └── EditionError      … the edition or plan has no API
    ├── MappingError          the data team's files; carries all problems
    ├── TooManyRejectedError  validation over its limit, nothing written
    ├── RecordsRejectedError  the run is finished, some records could not go
    └── GuardError            the plan is larger than allowed, nothing written

One bad row is data (a rejection or a failed action), never an exception.
"""

import re
from collections.abc import Sequence

MESSAGE_LIMIT = 200
QUERY_MARK = "ERROR at Row"
ADDRESS = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:=]+")
QUOTED = re.compile(r"(?<=[=(,])\s*'[^']*(?:'|$)")


def shorten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Cut an API's own words to `limit` characters on one line."""
    line = " ".join(text.replace("\x00", "").split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quiet(text: str) -> str:
    """Return a system's words about a whole request as logs and mails may have them: without what they quote of people.

    Dropped are e-mail addresses, values compared with in a query, and the piece of a query that Salesforce repeats before its reason.
    """
    _, mark, reason = text.rpartition(QUERY_MARK)
    return ADDRESS.sub("…", QUOTED.sub("'…'", mark + reason if mark else text))


class SyncError(Exception):
    """Anything that stops a stage. The message says who, what, why and what to do next."""


class TransientError(SyncError):
    """The same call may succeed later; nothing was lost."""


class RateLimitError(TransientError):
    """The account's allowance is used up; `wait_seconds` is the server's own wish."""

    def __init__(self, message: str, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class BudgetError(RateLimitError):
    """Our part of the account's calls is used up: the run ends here as `partial`, and a later one goes on."""


class PermanentError(SyncError):
    """Repeating cannot help: a person must act."""


class AuthError(PermanentError):
    """Credentials, rights or the edition do not allow the call."""


class EditionError(AuthError):
    """The system's edition, plan or contract has no API access; no credentials can change that."""


class MappingError(PermanentError):
    """The mapping or settings files are wrong; `problems` lists every one, each with file:line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the mapping files:\n" + "\n".join(self.problems))


class TooManyRejectedError(PermanentError):
    """More records failed validation than the settings allow; nothing was written."""


class RecordsRejectedError(PermanentError):
    """The run did its work, but records were rejected: a run that leaves something behind is never plain green."""


class GuardError(PermanentError):
    """The plan would touch more records than the settings allow; nothing was written."""
