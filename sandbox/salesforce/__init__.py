"""A Salesforce org as a local server."""

from sandbox.salesforce.system import SalesforceSystem

SYSTEM = SalesforceSystem()
