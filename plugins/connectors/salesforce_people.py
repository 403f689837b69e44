"""Where people's records in Salesforce hold addresses and names, for erasing them."""

from connectors.erasing import Shape

SHAPE = Shape(("Email",), ("FirstName", "LastName"))
