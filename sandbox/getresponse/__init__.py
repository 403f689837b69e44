"""A GetResponse account, REST API v3, as far as lists, contacts, their fields, tags, searches and imports go."""

from sandbox.getresponse.system import GetResponseSystem

SYSTEM = GetResponseSystem()
