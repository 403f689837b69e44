"""Marks: the tags by which people in the app see where a record came from and what became of it.

They are put on the app's record when it is linked (`from_app`: it went from the app to Salesforce; `from_salesforce`: it came from
there) and changed when a lead is converted. A person who takes a mark off takes the record out of its revival.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sync.documents import Section


@dataclass(frozen=True, slots=True)
class Marks:
    """The tags of one entity. Blank ones are not put; `field` is the app's raw field that holds them."""

    field: str
    from_app: str = ""
    from_salesforce: str = ""
    on_conversion: str = ""
    revives_only_marked: bool = False  # deleted in Salesforce, edited in the app: made again if it carries `from_app`

    @property
    def all(self) -> frozenset[str]:
        """Every tag that tells of a link."""
        return frozenset(filter(None, (self.from_app, self.from_salesforce, self.on_conversion)))


def read_marks(section: Section) -> Marks | None:
    """Return the marks that a section `marks` names, None where it is empty."""
    if not section.keys():
        return None
    marks = Marks(
        field=section.text("field"),
        from_app=section.text("from_app"),
        from_salesforce=section.text("from_salesforce"),
        on_conversion=section.text("on_conversion"),
        revives_only_marked=section.flag("revives_only_marked", False),
    )
    if not marks.field:
        section.report("field", "name the app's field that holds the tags, for example tags")
    if not marks.all:
        section.report("from_app", "no tag is named; write from_app, from_salesforce or on_conversion, or take marks out")
    section.close()
    return marks


def as_tags(value: Any) -> frozenset[str]:
    """Return the tags in a raw field: a list, or words separated by commas."""
    words = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(str(word).strip() for word in words)


def birth_marks(marks: Marks | None, side: str) -> dict[str, Any]:
    """Return the raw fields that mark a record made in the app, with its create."""
    return _change(marks.field, [marks.from_salesforce]) if marks and side == "app" else {}


def origin_marks(marks: Marks | None, side: str) -> dict[str, Any]:
    """Return the raw fields that mark the app's record once Salesforce has one made from it."""
    return _change(marks.field, [marks.from_app]) if marks and side == "salesforce" else {}


def conversion_marks(marks: Marks | None, lead_marks: Marks | None, tags: Collection[str]) -> dict[str, Any]:
    """Return the raw fields that turn a lead's marks into a contact's, none where `tags` show no lead or are turned already."""
    if marks is None or lead_marks is None or not lead_marks.all & set(tags):
        return {}
    came = bool(lead_marks.from_salesforce) and lead_marks.from_salesforce in tags
    added = [tag for tag in (marks.from_salesforce if came else "", marks.on_conversion) if tag not in tags]
    return _change(marks.field, added, [lead_marks.from_salesforce] if came else [])


def added_marks(marks: Marks | None, extra: Mapping[str, Any]) -> frozenset[str]:
    """Return the tags that a write with the raw fields `extra` puts."""
    return frozenset(extra.get(f"{marks.field}_add", ())) if marks else frozenset()


def united_marks(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return the raw fields of two changes of tags as one: what the second takes off is not put any more."""
    removed = {tag for name, tags in second.items() if name.endswith("_remove") for tag in tags}
    added = {name: [tag for tag in tags if tag not in removed] for name, tags in first.items() if name.endswith("_add")}
    return {name: list(dict.fromkeys([*added.get(name, ()), *second.get(name, ())])) for name in {**added, **second}}


def may_revive(marks: Marks | None, lead_marks: Marks | None, tags: Collection[str]) -> bool:
    """Tell whether a record that was deleted in Salesforce is made there again once it is edited in the app.

    It still has to say that it once went there, as a lead of old at least; whoever takes that mark off does not want it back.
    """
    if marks is None or not marks.revives_only_marked:
        return False
    return any(each.from_app in tags for each in (marks, lead_marks) if each and each.from_app)


def _change(field: str, added: list[str], removed: list[str] | None = None) -> dict[str, Any]:
    lists = {f"{field}_add": list(filter(None, added)), f"{field}_remove": list(filter(None, removed or []))}
    return {name: tags for name, tags in lists.items() if tags}
