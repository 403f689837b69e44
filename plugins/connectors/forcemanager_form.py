"""The connection form of ForceManager."""

from connectors.form import Field, Form

FORM = Form(
    "ForceManager",
    {"login": ("Public key", ""), "password": ("Private key", "")},
    {
        "account": Field("Name of the implementation", "tells production from a test implementation: each has links of its own"),
        "lang": Field("Language", "of value lists: en, es …; empty: en"),
        "time_zone": Field("Time zone", "in which ForceManager shows dates, such as Europe/Madrid; empty: UTC"),
        "date_format": Field("Date format", "of the integration user", options=("yyyy-mm-dd", "yy/mm/dd", "dd/mm/yyyy")),
        "calls_per_second": Field("Calls a second", "that the contract allows; empty: the usual allowance"),
    },
)
