"""Where people's records in GetResponse hold addresses and names, for erasing them."""

from connectors.erasing import Shape

SHAPE = Shape(
    remainder="GetResponse keeps the address in the statistics of who left a list; only its support takes it out of there."
)
