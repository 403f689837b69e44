"""Where people's records in ActiveCampaign hold addresses and names, for erasing them."""

from connectors.erasing import Shape

SHAPE = Shape(names=("firstName", "lastName"))
