"""The made-up company Nordwerk, as two systems know it, and any number of records for load.

Everything is the same on every call with the same arguments; mail domains are reserved ones and no telephone rings.
"""

from sandbox.company.freshdesk import freshdesk_company
from sandbox.company.load import generate_freshdesk, generate_salesforce
from sandbox.company.salesforce import salesforce_company

__all__ = ["freshdesk_company", "generate_freshdesk", "generate_salesforce", "salesforce_company"]
