"""Deciding on a plan over Airflow's API, as quick as a program is: the moment it is asked. Asked again, it takes its time.

An answer that meets the executor's report of the task's first half is lost (Airflow 3.3), and one at once after that may be as well.
"""

import time
from itertools import count
from urllib.parse import quote

from live import FINISHED, Live

APPROVAL = "lockstep_approval"
MORE_SECONDS = 2  # a person takes longer for the first answer


def decide(live: Live, plan: int, answer: str, who: str = "olga") -> str:
    """Answer the question that is asked of a plan of Freshdesk, also when it is asked again; return how the run of it ends."""
    run = f"dags/{APPROVAL}/dagRuns/{quote(f'freshdesk-plan-{plan}')}"
    body = {"chosen_options": [answer], "params_input": {}}
    tries = count()

    def answered() -> str | None:
        asked = live.admin.get(f"{run}/taskInstances/decide")
        if asked["state"] == "awaiting_input":
            time.sleep(next(tries) * MORE_SECONDS)
            told = live.user(who).call("PATCH", f"{run}/taskInstances/decide/-1/hitlDetails", body)
            assert told.status_code in (200, 409), told.text  # 409: it has an answer by now
        state = str(live.admin.get(run)["state"])
        return state if state in FINISHED else None

    return live.wait(answered, f"the end of {run}")
