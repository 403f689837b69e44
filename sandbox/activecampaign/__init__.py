"""An ActiveCampaign account, REST API v3, as far as contacts, tags, lists, fields, accounts and deals go."""

from sandbox.activecampaign.system import ActiveCampaignSystem

SYSTEM = ActiveCampaignSystem()
