"""A ForceManager (Sage Sales Management) implementation, API v4, as far as a CRM in step needs it."""

from sandbox.forcemanager.system import ForceManagerSystem

SYSTEM = ForceManagerSystem()
