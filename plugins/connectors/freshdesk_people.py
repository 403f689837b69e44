"""Where people's records in Freshdesk hold addresses and names, for erasing them."""

from connectors.erasing import Shape

SHAPE = Shape(more_emails=("other_emails",))
