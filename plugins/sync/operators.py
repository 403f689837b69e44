"""The operators of our DAGs: Airflow's own, which can also tell OpenLineage what their task has noted by then, and a question."""

from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.python import PythonOperator, ShortCircuitOperator

AGAIN = (
    "**Asked again.** The task was cleared, or was answered within seconds of being asked: such an answer is lost in Airflow, and"
    " nothing has come of it."
)


class _Told:
    """Answers Airflow's OpenLineage provider with what `sync.lineage` has noted, if it has."""

    told: Any = None

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """Return the datasets and figures of the task; asked for by the provider when the task has ended, well or badly."""
        return self.told


class StageOperator(_Told, PythonOperator):  # type: ignore[misc]
    """One stage of a run."""


class FirstStageOperator(_Told, ShortCircuitOperator):  # type: ignore[misc]
    """The stage that ends a run when there is nothing to do."""


class Question(HITLOperator):  # type: ignore[misc]
    """A question to a person, which says so when it is put again.

    Airflow 3.3 loses an answer that comes within seconds of the question: the executor's report that the asking is over meets a task
    that is queued again already, for its answer, and the scheduler takes it for killed and has it tried again (apache/airflow#67287,
    #71172). A task cannot read what was answered to an earlier try, so the second one has to ask.
    """

    body: str | None

    def execute(self, context: Any) -> Any:
        """Ask and wait, as HITLOperator does."""
        if context["ti"].try_number > 1:
            self.body = "\n\n".join([AGAIN, str(self.body)])
        return super().execute(context)
