"""The resources and their fields: one line per field, `name type`, then a length or the list it points to, `!` if mandatory.

Types: text, int, number, bool, moment, day, hour, ref (an object when read, a number when written), user (a bare number).
"""

from collections.abc import Mapping
from dataclasses import dataclass

AUDIT = (
    "dateCreated", "dateUpdated", "dateDeleted", "deleted", "salesRepIdCreated", "salesRepIdUpdated", "salesRepIdDeleted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """What one field takes. `table`: the resource or value list that a reference points to."""

    name: str
    type: str
    length: int = 0
    table: str = ""
    is_required: bool = False
    is_extra: bool = False


_PLACE = """
address1 text 180
address2 text 180
city text 200
postcode text 50
region text 200
countryId ref countries
geocoded bool
geocodingAccuracy int
latitude number
longitude number
"""
_COMMON = """
extId text 255
permissionLevel int
readOnly bool
"""
_LINES = {
    "accounts": _PLACE + _COMMON + """
name text 255 !
branchId ref branches !
salesRepId1 ref users !
salesRepId2 ref users
salesRepId3 ref users
salesRepId4 ref users
salesRepId5 ref users
vatNumber text 50
email text 255
phone text 50
phone2 text 50
phone3 text 50
fax text 50
website text 255
typeId ref accountTypes
statusId ref accountStatuses
segmentId ref accountSegments
rateId int
comment text 6000
public bool
""",
    "contacts": _PLACE + _COMMON + """
firstName text 100 !
lastName text 100 !
accountId ref accounts !
salesRepId ref users !
typeId ref contactTypes
email text 255
email2 text 255
email3 text 255
phone1 text 50
phone2 text 50
fax text 50
useCompanyAddress bool
birthday moment
gender ref genders
linkedin text 255
skype text 255
comment text 6000
marketingCommunications bool
""",
    "opportunities": _PLACE + _COMMON + """
reference text 255 !
type_id ref opportunityTypes
statusId ref opportunityStatuses !
total number
currencyId ref currencies
accountId1 ref accounts !
accountId2 ref accounts
accountId3 ref accounts
salesForecastDate moment
salesProbability number
salesRepId ref users !
comments text 6000
branchId ref branches
closedDate moment
wonDate moment
lostDate moment
""",
    "activities": _COMMON + """
typeId ref activityTypes !
date moment !
accountId ref accounts
contactId ref contacts
opportunityId ref opportunities
salesRepId ref users !
comment text 6000
checkin bool
checkinTypeId int
checkoutDate moment
geocoded bool
latitude number
longitude number
""",
    "calendar": _COMMON + """
subject text 255 !
task bool
completed bool
allDay bool
startDate day !
startHour hour
endDate day
endHour hour
typeId ref activityTypes
accountId ref accounts
contactId ref contacts
opportunityId ref opportunities
branchId ref branches
salesRepId ref users !
comment text 6000
reminder int
sendNotification bool
""",
    "users": """
name text 100
lastName text 100
email text 255
nic text 50
phone text 50
extId text 255
level int
isActive bool
locale text 10
""",
}  # fmt: skip
LISTS = (
    "branches", "countries", "currencies", "accountTypes", "accountStatuses", "accountSegments", "contactTypes",
    "opportunityTypes", "opportunityStatuses", "activityTypes",
)  # fmt: skip
LIST_FIELDS = ("id", "order", "deleted", "descriptionEN", "descriptionDE", "descriptionES", "iso2", "isoCode", *AUDIT)
GENDERS = ("Male", "Female")


def _parse(lines: str) -> dict[str, Rule]:
    rules = (_rule(line.split()) for line in lines.splitlines() if line)
    return {rule.name: rule for rule in rules}


def _rule(words: list[str]) -> Rule:
    name, kind, *rest = words
    argument = next((word for word in rest if word != "!"), "")
    length = int(argument) if argument.isdecimal() else 0
    return Rule(name, kind, length, "" if length else argument, "!" in rest)


RESOURCES: Mapping[str, Mapping[str, Rule]] = {name: _parse(lines) for name, lines in _LINES.items()}
WRITABLE = tuple(name for name in RESOURCES if name != "users")
