"""What can be turned: the whole contract is assumed, so each of its capabilities can be missing."""

from sandbox.system import Switch

TOKEN = "sandbox-lemontaps-token"
SCIM_TOKEN = "sandbox-lemontaps-scim-token"

SWITCHES = {
    "token": Switch(TOKEN, "the bearer token of the team"),
    "scim_token": Switch(SCIM_TOKEN, "the bearer token of SCIM provisioning"),
    "can_list": Switch(True, "captured contacts can be listed and read; off: 403 not_available"),
    "can_report_status": Switch(True, "the export status of a contact can be set; off: 403 not_available"),
    "can_write_contacts": Switch(True, "contacts can be changed; off: 403 not_available"),
    "can_scim": Switch(True, "SCIM provisioning is set up; off: its addresses answer 404"),
    "rate_limit": Switch(True, "count the calls of each minute and answer 429 past the allowance"),
    "requests_per_minute": Switch(60, "the allowance"),
    "page_limit": Switch(100, "the most contacts that one page gives"),
    "cursor_hours": Switch(24, "a cursor that is older answers 410"),
    "export_moves_stamp": Switch(False, "setting an export status moves updated_at"),
    "stale_status": Switch(412, "status of a change to an outdated version: 412 or 409"),
}
