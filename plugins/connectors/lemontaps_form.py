"""The connection form of Lemontaps."""

from connectors.form import Field, Form

FORM = Form(
    "Lemontaps",
    {"host": ("Address of the interface", "https://…; or a folder below"), "password": ("Token", "")},
    {
        "path": Field("Folder of export files", "instead of an interface: a folder that the workers can read"),
        "encoding": Field(
            "Encoding of the files", "only for old files that are not western, such as cp1250; the others are recognised"
        ),
        "dates": Field("Days in the files", "the order in days such as 3/4/2026", options=("dmy", "mdy")),
        "team": Field("Name of the team", "tells one team from another: each has links of its own"),
        "scim_token": Field("SCIM token", "for reading the team's members", is_secret=True),
        "scim_url": Field("SCIM address", "empty: <address>/scim/v2"),
    },
)
