"""A Freshdesk account, REST API v2, as far as contacts, companies and their fields go."""

from sandbox.freshdesk.system import FreshdeskSystem

SYSTEM = FreshdeskSystem()
