"""Where people's records in ForceManager hold addresses and names, for erasing them."""

from connectors.erasing import Shape

SHAPE = Shape(
    ("email", "email2", "email3"),
    ("firstName", "lastName"),
    remainder="ForceManager keeps the row, marked as deleted; its texts were emptied before.",
)
