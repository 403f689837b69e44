"""Time as ActiveCampaign writes it: US Central, with the offset in some keys and without it in others."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

CENTRAL = ZoneInfo("America/Chicago")


def stored(moment: datetime) -> str:
    """Return an aware moment as it is stored: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def central(stamp: str | None) -> str | None:
    """Return a stored moment with the offset of US Central."""
    return datetime.fromisoformat(stamp).astimezone(CENTRAL).isoformat() if stamp else None


def naive(stamp: str | None) -> str | None:
    """Return a stored moment as US Central wall time without an offset, whatever the key's name promises."""
    return datetime.fromisoformat(stamp).astimezone(CENTRAL).strftime("%Y-%m-%d %H:%M:%S") if stamp else None


def parsed(text: str) -> datetime | None:
    """Return the moment that a filter names, None where it names none; without an offset it is US Central."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=CENTRAL)
