"""Marks: the tags by which people in the app see where a record came from and what became of it.

They are put on the app's record when it is linked (`from_app`: it went from the app to Salesforce; `from_salesforce`: it came from
there) and changed when a lead is converted. A person who takes a mark off takes the record out of its revival.
"""

from dataclasses import dataclass

from sync.documents import Section


@dataclass(frozen=True, slots=True)
class Marks:
    """The tags of one entity. Blank ones are not put; `field` is the app's raw field that holds them."""

    field: str
    from_app: str = ""
    from_salesforce: str = ""
    on_conversion: str = ""
    revives_only_marked: bool = False  # deleted in Salesforce, edited in the app: made again if it carries a mark

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
