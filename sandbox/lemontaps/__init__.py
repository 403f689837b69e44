"""A Lemontaps team after an assumed contract (no public interface for captured contacts is known), and its SCIM users."""

from sandbox.lemontaps.system import LemontapsSystem

SYSTEM = LemontapsSystem()
