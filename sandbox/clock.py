"""The server's clock: real time plus an offset, so that a test can move a server's day without waiting."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus `offset_seconds`."""

    def __init__(self, offset_seconds: float = 0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> datetime:
        """Return the server's time, aware UTC, in full seconds as the systems store it."""
        return (datetime.now(UTC) + timedelta(seconds=self.offset_seconds)).replace(microsecond=0)
