"""Siblings: several entities of one integration that are the same records in the app, such as contacts and leads.

A record of the app belongs to one of them: linked in one it is left alone by the others, and a new one is matched in all before
the one that creates Salesforce records makes it anew.
"""

from collections import defaultdict
from collections.abc import Iterator

from sync.entity_settings import EntitySettings
from sync.files import Problem
from sync.settings import FILE, Settings


def siblings_of(settings: Settings, entity: EntitySettings) -> tuple[str, ...]:
    """Return the names of the other enabled entities that are the same records in the app."""
    others = (each for each in settings.entities if each.enabled and each.name != entity.name)
    return tuple(each.name for each in others if each.reads_as("app") == entity.reads_as("app"))


def heir_of(settings: Settings, entity: EntitySettings) -> EntitySettings | None:
    """Return the sibling that a converted lead goes on in: the contacts, None where there are none."""
    return _sibling(settings, entity, "contact") if entity.salesforce_entity == "lead" else None


def lead_of(settings: Settings, entity: EntitySettings) -> EntitySettings | None:
    """Return the sibling whose converted leads go on as records of `entity`, None where there is none."""
    return _sibling(settings, entity, "lead") if entity.salesforce_entity == "contact" else None


def _sibling(settings: Settings, entity: EntitySettings, salesforce_entity: str) -> EntitySettings | None:
    names = siblings_of(settings, entity)
    found = (each for each in settings.entities if each.name in names and each.salesforce_entity == salesforce_entity)
    return next(found, None)


def check_creators(settings: Settings) -> Iterator[Problem]:
    """Yield a problem for every entity that would make Salesforce records of what a sibling makes already."""
    creators: dict[str, list[EntitySettings]] = defaultdict(list)
    for entity in settings.entities:
        if entity.enabled and entity.creates_on("salesforce"):
            creators[entity.reads_as("app")].append(entity)
    for first, *others in creators.values():
        for entity in others:
            path = ("entities", entity.name, "creates", "to_salesforce")
            message = (
                f"{first.name} makes Salesforce records of the app's {entity.reads_as('app')} already;"
                f" write creates: {{to_salesforce: no}} in one of the two"
            )
            yield Problem(FILE, *settings.place(*path), ".".join(path), message)
