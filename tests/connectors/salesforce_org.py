"""Short words for what the tests of the Salesforce connector do and ask."""

from connector_contract import records_of
from transport import Answers

from connectors.contract import Write
from connectors.salesforce import SalesforceConnector
from connectors.session import Session


def person(number, **fields):
    return {"LastName": f"Person {number:04}", "Email": f"p{number}@example.com", **fields}


def creates(count, **fields):
    return [Write("create", None, person(number, **fields)) for number in range(count)]


def write(connector, *writes, entity="contact"):
    return list(connector.write(entity, writes))


def changes(connector, since=None, fields=("LastName",), entity="contact"):
    return records_of(connector.read_changes(entity, since, fields))


# -- tokens


def org_that_answers(*answers, instance="https://nordwerk.my.salesforce.com"):
    """Return a connector whose org gives these answers, and the list of logins."""
    session, logins = Session(pause=lambda _: None), []
    transport = Answers(*answers)
    session.http.mount("https://", transport)
    connector = SalesforceConnector(lambda: logins.append(1) or ("00D!token", instance), session)
    return connector, logins, transport
