"""The page of an integration's DAG in the Airflow UI: what it does, and what to do when a run is red."""

from collections.abc import Sequence
from inspect import cleandoc

EXTRACT = "credentials, rights, a broken mapping file"
VALIDATE = "too many records fail the checks"
UNREACHABLE = "Salesforce or {name} could not be reached"

PAGE = """{intro}

`extract → map → validate → reconcile → load`, each over all entities. A run that finds nothing new ends after `extract`.

{more}

**When a run is red**, open the failed task's log; the message at its end, above the list of source files, says who, what, why and
what to do.

| failed task | usual reason | what to do |
|---|---|---|
{extract}
| map | the database was away; the mapping itself was checked by extract | clear `map` |
| validate | {validate} | see `sync.rejection`; mend the records or raise the limit |
| reconcile | more writes than `max_changes` or `guard` allow | look at the plan on Sync health, run again with a higher limit |
| load | records were rejected, everything else is done | mend the records at their source: they go by themselves with the next run |
| load | the plan is held, and something could not be read for it | mend what the message names; decide on the plan all the same |
| load | {unreachable} | nothing is lost: clear `load`, or wait for the next run |

Any task may be cleared at any time: nothing is written twice. Once a newer run has begun, a cleared task does nothing and says so.

Fields, schedule and policies: `include/mappings/{app}/`. Setup: `docs/connect-{app}.md`.
"""


def run_page(
    app: str,
    text: str | None,
    *,
    name: str,
    extract: Sequence[tuple[str, str]] = ((EXTRACT, "mend it"),),
    validate: str = VALIDATE,
    unreachable: str = UNREACHABLE,
) -> str:
    """Return the page as Markdown. `text`: the title line, then what else is to be known; `extract`: reasons and what to do first."""
    intro, _, more = cleandoc(text or "").partition("\n\n")
    rows = "\n".join(f"| extract | {reason} | {remedy}, then clear `extract` |" for reason, remedy in extract)
    words = {"intro": intro, "more": more, "extract": rows, "validate": validate, "app": app}
    return PAGE.format(**words, unreachable=unreachable.format(name=name)).replace("\n\n\n\n", "\n\n")
