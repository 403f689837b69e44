"""The believable company as its Salesforce org holds it: accounts, contacts, leads, users and what hangs on them."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.company.cast import SALESFORCE_FIRMS, SALESFORCE_PEOPLE, Firm, Person, firms, people
from sandbox.company.ids import life, salesforce_id, salesforce_time
from sandbox.company.names import LEAD_SOURCES, TAGS
from sandbox.company.trade import TradeBook

Row = dict[str, Any]

USERS = (
    ("sync@nordwerk.example", "Lockstep", "Integration", "sync", True),
    ("ingrid.hansen@nordwerk.example", "Ingrid", "Hansen", "ihansen", True),
    ("tomasz.zielinski@nordwerk.example", "Tomasz", "Zieliński", "tziel", True),
    ("carmen.ibanez@nordwerk.example", "Carmen", "Ibáñez", "cibanez", True),
    ("peter.vogt@nordwerk.example", "Peter", "Vogt", "pvogt", False),
)
ODD_PHONES = (
    "+49 (0)151 / 555-0100 ext. 4",
    "n/a",
    "0431-55501",
    "+49 30 23125 000 oder 001",
    "tel: 00 49 30 23125999",
    "-",
    "  +49 30 23125007 ",
)
DELETED_CONTACTS = range(700, 730)
MERGED_CONTACTS = range(724, 730)
DELETED_ACCOUNTS = range(280, 286)
MERGED_ACCOUNTS = range(283, 286)
LEADS = 150
CONVERTED_LEADS = 30


def salesforce_company(now: datetime) -> dict[str, list[Row]]:
    """Return every record of the company's org by object name, raw field names, parents before children."""
    dice = random.Random("nordwerk salesforce")
    users = [_user(number, now) for number in range(len(USERS))]
    accounts = [_account(dice, number, firm, now) for number, firm in enumerate(firms()[:SALESFORCE_FIRMS])]
    contacts = [_contact(dice, number, person, now) for number, person in enumerate(people()[:SALESFORCE_PEOPLE])]
    contacts += _twins(dice, contacts, now)
    for row in _merged(contacts, MERGED_CONTACTS) + _merged(accounts, MERGED_ACCOUNTS):
        row["IsDeleted"] = True
    book = TradeBook(random.Random("nordwerk trade"), now, contacts)
    leads = [_lead(dice, number, now, contacts) for number in range(LEADS)]
    return {"User": users, "Account": accounts, "Contact": contacts, "Lead": leads} | book.records()


def _user(number: int, now: datetime) -> Row:
    username, first, last, alias, is_active = USERS[number]
    return {
        "Id": salesforce_id("User", number + 1), "Username": username, "Email": username, "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}", "Alias": alias, "CommunityNickname": alias, "IsActive": is_active,
        "UserType": "Standard",
        "ProfileId": salesforce_id("Profile", 1), "TimeZoneSidKey": "Europe/Berlin", "LocaleSidKey": "de_DE",
        "LanguageLocaleKey": "en_US", "EmailEncodingKey": "UTF-8", "CompanyName": "Nordwerk",
    } | _stamps(now - timedelta(days=1000), now - timedelta(days=400))  # fmt: skip


def _account(dice: random.Random, number: int, firm: Firm, now: datetime) -> Row:
    return {
        "Id": salesforce_id("Account", number + 1), "Name": firm.name, "Phone": firm.phone, "Industry": firm.industry,
        "Website": f"https://www.{firm.domain}" if dice.random() < 0.8 else None,
        "BillingStreet": firm.street, "BillingCity": firm.town, "BillingPostalCode": firm.postal_code,
        "BillingCountry": firm.country.name, "NumberOfEmployees": dice.choice((None, 3, 12, 40, 85, 230, 1400)),
        "AnnualRevenue": dice.choice((None, 250000, 1200000, 18500000)),
        "Type": dice.choice(("Customer - Direct", "Prospect", None)),
        "Description": f"Seit {dice.randrange(1990, 2026)} Kunde.\nZahlt pünktlich." if dice.random() < 0.2 else None,
        "ParentId": salesforce_id("Account", 1) if number in (40, 41) else None,
        "OwnerId": _owner(dice), "IsDeleted": number in DELETED_ACCOUNTS, "MasterRecordId": None,
    } | _stamps(*life(dice, now))  # fmt: skip


def _contact(dice: random.Random, number: int, person: Person, now: datetime) -> Row:
    row = {
        "Id": salesforce_id("Contact", number + 1), "FirstName": person.first_name or None,
        "LastName": person.last_name,
        "Salutation": dice.choice((None, None, "Mr.", "Ms.", "Dr.")), "Title": person.title,
        "Department": person.department,
        "AccountId": None if person.firm is None else salesforce_id("Account", person.firm + 1),
        "Email": person.email if number < 25 or dice.random() < 0.93 else None,
        "Phone": person.phone or None, "MobilePhone": person.mobile or None,
        "MailingStreet": person.street, "MailingCity": person.town, "MailingPostalCode": person.postal_code,
        "MailingCountry": person.country.name, "LeadSource": dice.choice((None, *LEAD_SOURCES)),
        "Birthdate": _birthday(dice) if dice.random() < 0.2 else None,
        "Description": "Bitte nur vormittags anrufen." if dice.random() < 0.1 else None,
        "Freshdesk_Tags__c": ", ".join(dice.sample(TAGS, dice.randrange(1, 4))) if dice.random() < 0.12 else None,
        "HasOptedOutOfEmail": dice.random() < 0.06, "DoNotCall": dice.random() < 0.03, "OwnerId": _owner(dice),
        "IsDeleted": number in DELETED_CONTACTS, "MasterRecordId": None,
    } | _stamps(*life(dice, now))  # fmt: skip
    return row | _oddity(number, row)


def _oddity(number: int, row: Row) -> Row:
    """Return what is wrong with this contact, often nothing."""
    if number % 97 == 30:
        return {"LastName": f" {row['LastName']}  ", "Email": row["Email"] and f" {row['Email']} "}
    if number % 53 == 21:
        return {"Phone": ODD_PHONES[number // 53 % len(ODD_PHONES)]}
    if number % 211 == 40:
        return {
            "MailingStreet": "Gewerbepark Nord, Halle 7, Tor 3, hinter dem Pförtnerhaus links\n" * 3
            + "Anlieferung nur bis 16 Uhr"
        }
    if number % 61 == 22:
        return {"Email": row["Email"] and row["Email"].upper()}
    if number % 307 == 45:
        return {"Description": "Langes Protokoll.\r\n" * 400}
    return {}


def _twins(dice: random.Random, contacts: list[Row], now: datetime) -> Iterator[Row]:
    """Yield forty second contacts of people who are there already, as grown orgs have them."""
    for number in range(40):
        original = contacts[30 + number * 7]
        twin = original | _stamps(*life(dice, now))
        twin["Id"] = salesforce_id("Contact", SALESFORCE_PEOPLE + number + 1)
        yield twin | _difference(number, original)


def _difference(number: int, original: Row) -> Row:
    kind = number % 4
    if kind == 0:  # entered twice, same e-mail
        return {"Title": None, "Phone": None, "LeadSource": "Purchased List"}
    if kind == 1:  # the same e-mail in capitals, the name without its accents
        return {
            "FirstName": _plain(original["FirstName"]),
            "LastName": _plain(original["LastName"]),
            "Email": original["Email"] and original["Email"].title(),
        }
    if kind == 2:  # the same person by mobile only
        return {"Email": None, "FirstName": original["FirstName"] and original["FirstName"][0] + "."}
    return {"Email": None, "MobilePhone": None, "LastName": _plain(original["LastName"]), "AccountId": None}


def _plain(text: str | None) -> str | None:
    swaps = {"ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss", "ł": "l", "é": "e", "ø": "o", "å": "a", "ó": "o", "ż": "z"}
    return text and "".join(swaps.get(char, char) for char in text)


def _merged(rows: list[Row], numbers: range) -> list[Row]:
    losers = [rows[number] for number in numbers]
    for place, loser in enumerate(losers):
        loser["MasterRecordId"] = rows[100 + place]["Id"]
    return losers


def _lead(dice: random.Random, number: int, now: datetime, contacts: list[Row]) -> Row:
    firm = firms()[dice.randrange(SALESFORCE_FIRMS, len(firms()))]
    first, last = dice.choice(firm.country.first_names), dice.choice(firm.country.last_names)
    created, changed = life(dice, now)
    row = {
        "Id": salesforce_id("Lead", number + 1), "FirstName": first, "LastName": last,
        "Company": firm.name.strip()[:255],
        "Title": dice.choice(("CEO", None, "Einkauf")),
        "Email": f"lead{number}@{firm.domain}" if dice.random() < 0.9 else None,
        "Phone": firm.phone,
        "MobilePhone": firm.country.mobile.format(900 + number % 100) if dice.random() < 0.3 else None,
        "Street": firm.street, "City": firm.town, "PostalCode": firm.postal_code, "Country": firm.country.name,
        "Website": f"https://www.{firm.domain}", "LeadSource": dice.choice(LEAD_SOURCES), "Industry": firm.industry,
        "Status": dice.choice(("Open - Not Contacted", "Working - Contacted", "Closed - Not Converted")),
        "Rating": dice.choice((None, "Hot", "Warm", "Cold")), "HasOptedOutOfEmail": dice.random() < 0.05,
        "DoNotCall": False,
        "OwnerId": _owner(dice), "IsConverted": False, "ConvertedDate": None, "ConvertedAccountId": None,
        "ConvertedContactId": None, "ConvertedOpportunityId": None, "IsDeleted": number in (77, 78),
        "MasterRecordId": None,
    } | _stamps(created, changed)  # fmt: skip
    return row | _conversion(contacts[900 + number], changed) if number < CONVERTED_LEADS else row


def _conversion(contact: Row, moment: datetime) -> Row:
    """Return what conversion into `contact` left on the lead."""
    return {
        "FirstName": contact["FirstName"], "LastName": contact["LastName"], "Email": contact["Email"],
        "Status": "Closed - Converted",
        "IsConverted": True, "ConvertedDate": moment.date().isoformat(), "ConvertedContactId": contact["Id"],
        "ConvertedAccountId": contact["AccountId"],
    }  # fmt: skip


def _birthday(dice: random.Random) -> str:
    return f"{dice.randrange(1955, 2004)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"


def _owner(dice: random.Random) -> str:
    return salesforce_id("User", dice.choice((2, 2, 3, 4, 5)))


def _stamps(created: datetime, changed: datetime) -> Row:
    return {
        "CreatedDate": salesforce_time(created), "CreatedById": salesforce_id("User", 2),
        "LastModifiedDate": salesforce_time(changed), "SystemModstamp": salesforce_time(changed),
        "LastModifiedById": salesforce_id("User", 3),
    }  # fmt: skip
