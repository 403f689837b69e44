"""What an initial load does that replaces. Pure: whether a batch is one, `initial_load` tells.

Matched records take Salesforce's values, empty ones too; what Salesforce does not have is deleted in the app, its mapped values
kept in the journal. No value of the app's goes to Salesforce.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sync.decisions import Action, Decision, Pair, Policy
from sync.merge import UNKNOWN, is_empty

RULE = "initial load: not in Salesforce"


def replacing(policy: Policy) -> Policy:
    """Return the policy of an initial load that replaces."""
    fields = tuple(replace(each, to_salesforce=False) for each in policy.fields)
    return replace(policy, fields=fields, master="salesforce", replaces=True)


def take_out(pair: Pair, digests: Mapping[str, Any]) -> Decision:
    """Delete the app's record that nothing in Salesforce matches; its values are noted as what was there before."""
    held = pair.app.fields if pair.app else {}
    fields = {name: (value, None) for name, value in held.items() if value is not UNKNOWN and not is_empty(value)}
    return Decision([Action(pair.link, "app", "delete", fields, settles={**digests, "state": "tombstone"}, rule=RULE)])
