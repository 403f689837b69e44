"""The connection form of Salesforce."""

from connectors.form import Field, Form

FORM = Form(
    "Salesforce (Lockstep)",
    {"login": ("Integration user", "sync@acme.example; for the JWT flow")},
    {
        "domain": Field(
            "Domain", "login: production. test: a sandbox. Or your My Domain, such as acme.my or acme--dev.sandbox.my"
        ),
        "consumer_key": Field("Consumer key", "of the external client app (connected app)"),
        "consumer_secret": Field("Consumer secret", "for the client credentials flow; it needs the My Domain", is_secret=True),
        "private_key": Field("Private key", "for the JWT flow: the PEM text", is_secret=True),
        "private_key_file_path": Field("Private key file", "for the JWT flow: or its path on the workers"),
        "version": Field("API version", "empty: the one that Lockstep was tested with"),
    },
    connection_type="salesforce_lockstep",  # `salesforce` is that of Airflow's own provider; both kinds serve
)
