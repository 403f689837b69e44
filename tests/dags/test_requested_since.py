"""`since` that no system can be asked for is refused by name, before any call."""

from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk.exceptions import ParamValidationError

from connectors.errors import PermanentError
from sync.tasks import request_of
from sync.wiring import params

pytestmark = pytest.mark.feature("ALL-04")
TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", TOMORROW, "9999-12-31T23:59:59+14:00"])
def test_a_time_out_of_reach_is_refused(since: str) -> None:
    with pytest.raises(PermanentError, match=r"params\.since is not between 1970-01-01 and now: .*backfill"):
        request_of({"since": since})


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"])
def test_the_form_refuses_a_year_before_1970(since: str) -> None:
    with pytest.raises(ParamValidationError):
        params("freshdesk")["since"].resolve(since)


@pytest.mark.parametrize("since", ["1970-01-01T00:00:00Z", "1999-12-31T00:00:00+02:00", "2026-11-01T00:00:00Z"])
def test_any_other_is_taken(since: str) -> None:
    assert params("freshdesk")["since"].resolve(since) == since
    assert request_of({"since": since}).since == datetime.fromisoformat(since)
