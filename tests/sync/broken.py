"""A connector that dies as a killed task does, and a task in a process of its own that can really be killed."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.contract import Connector, Result, Write
from pipeline import freshdesk_connectors
from sync.batch import Request
from sync.database import connect
from sync.stages import run_stage


@dataclass
class Dying:
    """Passes everything on to `inner`; a `write` dies before it is sent (0), or with the result number `when` in its hands."""

    inner: Connector
    when: int = 1
    on: str = "create"  # only calls that hold this operation

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, entity: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Die at the set moment."""
        if all(write.operation != self.on for write in writes):
            yield from self.inner.write(entity, writes)
            return
        for count, result in enumerate(self.inner.write(entity, writes) if self.when else (), 1):
            if count == self.when:
                break
            yield result
        raise KeyboardInterrupt


def main() -> None:
    """Run `load` of a run: URL of the database, mapping folder, run id, addresses of both servers."""
    database, folder, run_id, salesforce, freshdesk = sys.argv[1:]
    connectors = freshdesk_connectors(salesforce, freshdesk)
    run_stage("load", connect(database), Path(folder), run_id, Request(), lambda _: connectors)


if __name__ == "__main__":
    main()
