"""What Nordwerk sells and does with its accounts: opportunities, contracts, orders, activities."""

import random
from datetime import datetime, timedelta
from typing import Any

from sandbox.company.ids import life, salesforce_id, salesforce_time

Row = dict[str, Any]

STAGES = (
    ("Prospecting", 10), ("Qualification", 10), ("Needs Analysis", 20), ("Value Proposition", 50),
    ("Id. Decision Makers", 60),
    ("Perception Analysis", 70), ("Proposal/Price Quote", 75), ("Negotiation/Review", 90), ("Closed Won", 100),
    ("Closed Lost", 0),
)  # fmt: skip
GOODS = (
    "Drehbank NW-200",
    "Wartung 24 Monate",
    "Ersatzteile",
    "CNC-Fräse",
    "Schulung (2 Tage)",
    "Ölfilter 50er-Pack",
    "Retrofit",
)
SUBJECTS = ("Angebot nachfassen", "Call", "Reklamation klären", "Termin bestätigen", "Send letter", "Visita técnica")
ROLES = ("Decision Maker", "Evaluator", "Business User", "Economic Buyer", None)


class TradeBook:
    """Draws the company's business with the given contacts, the same for the same dice."""

    def __init__(self, dice: random.Random, now: datetime, contacts: list[Row]) -> None:
        self._dice = dice
        self._now = now
        self._contacts = [row for row in contacts if row["AccountId"] and not row["IsDeleted"]]

    def records(self) -> dict[str, list[Row]]:
        """Return all records by object name."""
        opportunities = [self._opportunity(number) for number in range(100)]
        roles = [self._role(number, row) for number, row in enumerate(opportunities)]
        return {
            "Opportunity": [row | {"ContactId": role["ContactId"]} for row, role in zip(opportunities, roles, strict=True)],
            "OpportunityContactRole": roles,
            "Contract": [self._contract(number) for number in range(80)],
            "Order": [self._order(number) for number in range(160)],
            "Task": [self._task(number) for number in range(90)],
            "Event": [self._event(number) for number in range(60)],
        }

    def _opportunity(self, number: int) -> Row:
        stage, probability = self._dice.choice(STAGES)
        amount = self._dice.choice((None, 950.0, 12400.5, 48000.0, 250000.0))
        return self._stamped(
            "Opportunity", number, Name=f"{self._dice.choice(GOODS)} #{number + 1}",
            AccountId=self._someone()["AccountId"],
            StageName=stage, Probability=probability, Amount=amount, CloseDate=self._date(-200, 200),
            ExpectedRevenue=amount and amount * probability / 100, Type=self._dice.choice((None, "New Customer")),
            LeadSource=self._dice.choice((None, "Web", "Partner Referral")), NextStep=None, Description=None,
            IsClosed=stage.startswith("Closed"), IsWon=stage == "Closed Won",
        )  # fmt: skip

    def _role(self, number: int, opportunity: Row) -> Row:
        mates = [row for row in self._contacts if row["AccountId"] == opportunity["AccountId"]]
        return self._stamped(
            "OpportunityContactRole", number, has_owner=False, OpportunityId=opportunity["Id"],
            ContactId=self._dice.choice(mates)["Id"], Role=self._dice.choice(ROLES), IsPrimary=True,
        )  # fmt: skip

    def _contract(self, number: int) -> Row:
        start, months = self._date(-700, 0), self._dice.choice((12, 24, 36))
        end = datetime.fromisoformat(start) + timedelta(days=round(months * 30.4))
        status = self._dice.choice(("Draft", "Activated", "Activated"))
        return self._stamped(
            "Contract", number, AccountId=self._someone()["AccountId"], Status=status, StatusCode=status,
            StartDate=start,
            ContractTerm=months, EndDate=end.date().isoformat(), ContractNumber=f"{number + 100:08d}", Description=None,
        )  # fmt: skip

    def _order(self, number: int) -> Row:
        status = self._dice.choice(("Draft", "Activated"))
        return self._stamped(
            "Order", number, AccountId=self._someone()["AccountId"], EffectiveDate=self._date(-700, 0), Status=status,
            StatusCode=status, OrderNumber=f"{number + 100:08d}",
            TotalAmount=self._dice.choice((89.9, 1200.0, 7350.25)),
            Description=self._dice.choice(GOODS),
        )  # fmt: skip

    def _task(self, number: int) -> Row:
        person = self._someone()
        status = self._dice.choice(("Not Started", "In Progress", "Completed"))
        is_call = number % 3 == 0  # logged after it took place
        status = "Completed" if is_call else status
        return self._stamped(
            "Task", number, WhoId=person["Id"], WhatId=person["AccountId"], AccountId=person["AccountId"],
            Subject=self._dice.choice(SUBJECTS), ActivityDate=self._date(-60, 60), Status=status, Priority="Normal",
            IsClosed=status == "Completed", TaskSubtype="Call" if is_call else "Task", Description=None,
        )  # fmt: skip

    def _event(self, number: int) -> Row:
        person = self._someone()
        start = datetime.fromisoformat(self._date(-60, 60)) + timedelta(hours=self._dice.randrange(8, 17))
        minutes = self._dice.choice((30, 60, 90))
        return self._stamped(
            "Event", number, WhoId=person["Id"], WhatId=person["AccountId"], AccountId=person["AccountId"],
            Subject=self._dice.choice(SUBJECTS), Location=person["MailingCity"], StartDateTime=salesforce_time(start),
            ActivityDateTime=salesforce_time(start), EndDateTime=salesforce_time(start + timedelta(minutes=minutes)),
            DurationInMinutes=minutes, IsAllDayEvent=False, ShowAs="Busy", Description=None,
        )  # fmt: skip

    def _stamped(self, kind: str, number: int, *, has_owner: bool = True, **fields: Any) -> Row:
        created, changed = (salesforce_time(moment) for moment in life(self._dice, self._now))
        by = salesforce_id("User", self._dice.choice((2, 3, 4)))
        owner = {"OwnerId": by} if has_owner else {}
        return {"Id": salesforce_id(kind, number + 1)} | fields | owner | {
            "IsDeleted": False, "CreatedDate": created, "CreatedById": by, "LastModifiedDate": changed,
            "SystemModstamp": changed, "LastModifiedById": by,
        }  # fmt: skip

    def _someone(self) -> Row:
        return self._dice.choice(self._contacts)

    def _date(self, earliest: int, latest: int) -> str:
        return (self._now + timedelta(days=self._dice.randrange(earliest, latest))).date().isoformat()
