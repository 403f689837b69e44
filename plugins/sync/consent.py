"""What a person must have confirmed in settings.yaml before a run may call either system."""

from connectors.errors import PermanentError
from connectors.forms import label
from sync.settings import FILE, Settings

REHEARSAL = "LOCKSTEP_REHEARSAL"  # environment variable: between sandbox servers confirmations are taken as given


def unconfirmed(settings: Settings) -> list[str]:
    """Return what still has to be confirmed, each with file:line."""
    wanted = []
    if settings.consent_confirmed is False:
        message = (
            f"consent_confirmed is no: confirm with {label(settings.app)}'s rules and the law in mind that the people on"
            " these lists have agreed to be written to, then set it to yes"
        )
        wanted.append(_at(settings, "consent_confirmed", message))
    if settings.initial_load == "replace" and not settings.replace_confirmed:
        message = (
            f"initial_load is replace: the first run takes out of {label(settings.app)} what Salesforce does not have."
            " Confirm that with replace_confirmed: yes, or write merge"
        )
        wanted.append(_at(settings, "initial_load", message))
    return wanted


def require_confirmed(settings: Settings, is_rehearsal: bool = False) -> None:
    """Raise PermanentError with all that is not confirmed; in a rehearsal everything is."""
    wanted = [] if is_rehearsal else unconfirmed(settings)
    if wanted:
        raise PermanentError(f"{settings.integration} does not run before this is confirmed:\n" + "\n".join(wanted))


def _at(settings: Settings, key: str, message: str) -> str:
    line, column = settings.place(key)
    return f"{FILE}:{line}:{column}: {message}"
