"""Where people's records in Lemontaps hold addresses and names, for erasing them."""

from connectors.erasing import Shape

SHAPE = Shape(
    ("email", "email_work"),
    ("first_name", "last_name"),
    remainder="The interface deletes nothing: the contact is empty now; delete it in Lemontaps.",
)
