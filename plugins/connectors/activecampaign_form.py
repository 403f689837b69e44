"""The connection form of ActiveCampaign."""

from connectors.form import Form

FORM = Form(
    "ActiveCampaign", {"host": ("API URL", "https://acme.api-us1.com, from Settings, Developer"), "password": ("API key", "")}
)
