"""The connection form of GetResponse."""

from connectors.form import Field, Form

FORM = Form(
    "GetResponse",
    {"password": ("API key", ""), "host": ("API address", "empty; MAX: https://api3.getresponse360.com or .pl")},
    {"domain": Field("MAX domain", "only for a MAX account: the domain of your panel, such as mail.acme.com")},
)
