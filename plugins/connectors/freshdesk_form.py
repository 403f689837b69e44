"""The connection form of Freshdesk."""

from connectors.form import Form

FORM = Form(
    "Freshdesk",
    {
        "host": ("Account", "https://acme.freshdesk.com; a trial or sandbox account has its own"),
        "password": ("API key", "of an agent who may edit contacts and companies"),
    },
)
