"""Mails in words: one letter, told once as text and once as HTML, every value of it escaped."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from html import escape

from sync.alerts import Ending, FailedTask, State, Summary, advice

HEADLINES: dict[State, str] = {
    "ok": "works again",
    "rejected": "done, but records were rejected",
    "stopped": "stopped",
    "held": "a plan waits for your decision",
    "late": "did not start",
}
REASONS = {
    "timed_out": "The run took longer than a run may take and was ended by Airflow.",
    "task_failure": "",
}
SILENT = "ended without a word: killed, out of memory or longer than a task may run"
STYLE = "font-family:sans-serif;font-size:14px;line-height:1.45;color:#222"


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: a sentence, paragraphs under titles (one string a line), and links at its end."""

    subject: str
    lead: str
    parts: Mapping[str, tuple[str, ...]]
    links: Mapping[str, str]

    def text(self) -> str:
        """Return it as plain text."""
        parts = [f"{title}\n" + "\n".join(f"  {line}" for line in lines) for title, lines in self.parts.items() if lines]
        links = "\n".join(f"{label}: {url}" for label, url in self.links.items())
        return "\n\n".join([self.lead, *parts, links]) + "\n"

    def html(self) -> str:
        """Return it as HTML."""
        parts = [f"<h3>{escape(title)}</h3>{_list(lines)}" for title, lines in self.parts.items() if lines]
        links = "<br>".join(f'<a href="{escape(url)}">{escape(label)}</a>' for label, url in self.links.items())
        return f'<html><body style="{STYLE}"><p>{escape(self.lead)}</p>{"".join(parts)}<p>{links}</p></body></html>'

    def message(self, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
        """Return the mail, text and HTML, marked so that no out-of-office notice answers it."""
        message = EmailMessage()
        message["Subject"] = self.subject
        message["From"], message["To"] = sender, ", ".join(recipients)
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="lockstep")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text())
        message.add_alternative(self.html(), subtype="html")
        return message


def _list(lines: tuple[str, ...]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def of_failure(ending: Ending, summary: Summary, page: str) -> Letter:
    """Tell what failed, why, how many records, and the first reasons."""
    lines = [line for task in ending.failed for line in _why(task)]
    parts = {
        "Why": (*filter(None, [REASONS.get(ending.reason, "")]), *lines),
        "Records": _figures(summary),
        "First reasons (entity, id, side: field and code)": summary.reasons,
        "What to do": _what_to_do(ending),
    }
    failed = ", ".join(task.task_id for task in ending.failed) or "the run"
    lead = {
        "rejected": f"{ending.dag_id}: the run did its work, but {summary.news} more records cannot go ({summary.rejected} in this run).",
    }.get(ending.state(), f"{ending.dag_id}: {failed} failed.")
    logs = {f"Log of {task.task_id}": task.url for task in ending.failed if task.url}
    return Letter(_subject(ending.dag_id, ending.state()), lead, parts, {"Run": ending.url, **logs, "Sync health": page})


def of_held(ending: Ending, summary: Summary, page: str) -> Letter:
    """Tell that a plan waits for a person, and why."""
    todo = "Look at it on the Sync health page, then approve or reject it in Airflow under Required Actions."
    parts = {"Why": summary.held, "What to do": (todo, "The schedule goes on meanwhile with all other records.")}
    return Letter(
        _subject(ending.dag_id, "held"),
        f"{ending.dag_id}: nothing of a plan was written, it waits for your decision.",
        parts,
        {"Run": ending.url, "Sync health": page},
    )


def of_recovery(ending: Ending, summary: Summary, former: State, page: str) -> Letter:
    """Tell that runs come through again, and what still waits."""
    waiting = f"{summary.waiting} records still wait to be mended." if summary.waiting else "No record waits."
    lead = f"{ending.dag_id} works again (it was: {HEADLINES[former]})."
    return Letter(
        _subject(ending.dag_id, "ok"), lead, {"Records": (*_figures(summary), waiting)}, {"Run": ending.url, "Sync health": page}
    )


def of_refused_plan(ending: Ending, plan: int, by: str, reasons: tuple[str, ...], page: str) -> Letter:
    """Tell that nothing of a held plan is done: a person said so, or (`by` blank) nobody answered in time."""
    headline = "a plan was rejected" if by else "nobody decided in time"
    lead = (
        f"{ending.dag_id}: plan {plan} was rejected by {by}."
        if by
        else f"{ending.dag_id}: nobody decided on plan {plan} in time."
    )
    todo = "Nothing of it was written. As long as its cause is there, the next run holds a plan again."
    parts = {"Why it was held": reasons, "What follows": (todo,)}
    return Letter(f"[Lockstep] {ending.dag_id}: {headline}", lead, parts, {"Run": ending.url, "Sync health": page})


def of_push(ending: Ending, summary: Summary, page: str) -> Letter:
    """Tell how a push of chosen records went: how many worked, failed, were duplicates."""
    told = ", ".join(f"{number} {word}" for word, number in summary.pushed.items())
    parts = {
        "Records": tuple(f"{word}: {number}" for word, number in summary.pushed.items()),
        "First reasons (entity, id, side: field and code)": summary.reasons,
        "Why": tuple(line for task in ending.failed for line in _why(task)),
    }
    return Letter(
        f"[Lockstep] {ending.dag_id}: push of chosen records: {told}",
        f"{ending.dag_id}: the push of chosen records has ended: {told}.",
        parts,
        {"Run": ending.url, "Sync health": page},
    )


def of_late(dag_id: str, words: str, links: Mapping[str, str]) -> Letter:
    """Tell that a run which was due has not come, and why as far as it can be seen."""
    return Letter(
        _subject(dag_id, "late"), f"{dag_id}: a run was due and did not start.", {"Why": tuple(words.splitlines())}, links
    )


def of_punctual(dag_id: str, links: Mapping[str, str]) -> Letter:
    """Tell that runs start again as they should."""
    return Letter(f"[Lockstep] {dag_id}: starts again", f"{dag_id}: runs start again as scheduled.", {}, links)


def of_audit(dag_id: str, lines: tuple[str, ...], links: Mapping[str, str]) -> Letter:
    """Tell that the nightly audit found more than it may put right by itself."""
    todo = (
        "Nothing was written. Look at the differences on the Sync health page.",
        "To have them put right by the next run, raise audit.repairs in settings.yaml and trigger lockstep_audit.",
    )
    lead = f"{dag_id}: the nightly audit found more differences without a reason than it may put right by itself."
    return Letter(f"[Lockstep] {dag_id}: the audit found differences", lead, {"Found": lines, "What to do": todo}, links)


def of_sound_audit(dag_id: str, lines: tuple[str, ...], links: Mapping[str, str]) -> Letter:
    """Tell that the audit is content again."""
    lead = f"{dag_id}: the nightly audit finds the two sides in step again."
    return Letter(f"[Lockstep] {dag_id}: the audit is content again", lead, {"Found": lines}, links)


def _subject(dag_id: str, state: State) -> str:
    return f"[Lockstep] {dag_id}: {HEADLINES[state]}"


def _why(task: FailedTask) -> list[str]:
    if not task.kind:
        return [f"{task.task_id}: {SILENT}."]
    first, *rest = (task.message or "records were rejected").splitlines()
    return [f"{task.task_id}: {task.kind}: {first}", *rest]


def _what_to_do(ending: Ending) -> tuple[str, ...]:
    if ending.state() == "rejected":
        return ("Mend the records at their source. They go by themselves with the next run; nothing needs a rerun.",)
    return tuple(dict.fromkeys(f"{task.task_id}: {advice(task.kind)}" for task in ending.failed)) or (advice(""),)


def _figures(summary: Summary) -> tuple[str, ...]:
    lines = [f"{what}: {count} written" for what, count in summary.written.items()]
    lines += [f"{summary.failed} writes were refused or their outcome is not known"] if summary.failed else []
    lines += (
        [f"{summary.planned} planned writes were not sent; they go when the task is cleared, or with the next run"]
        if summary.planned
        else []
    )
    lines += [f"{summary.rejected} rejected in this run, {summary.news} of them new"] if summary.rejected else []
    return tuple(lines or ["nothing was written"])
