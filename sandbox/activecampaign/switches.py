"""What can be turned: options of the account, and points that no source settles."""

from sandbox.system import Switch

API_TOKEN = "sandbox-activecampaign-token"

SWITCHES = {
    "api_token": Switch(API_TOKEN, "the API key of the one user who calls"),
    "rate_limit": Switch(True, "count the calls of each second and answer 429 past five"),
    "rate_limit_body": Switch("json", "body of a 429: json, text or empty (unverified)"),
    "import_limit": Switch(True, "bulk imports past 100 a minute (20 of one contact) answer 400"),
    "import_seconds": Switch(0, "how long a bulk import stays queued"),
    "crm_in_plan": Switch(True, "off: accounts, deals and pipelines answer 403, as on small plans"),
    "clamp_limit": Switch(True, "a limit over 100 counts as 100; off: 422 (unverified)"),
    "updated_after": Switch("date", "granularity of filters[updated_after] on contacts: date, time, ignored (unverified)"),
    "list_sideloading": Switch(True, "GET /contacts?include= gives related rows; off: only GET /contacts/{id} does"),
    "filter_field_values": Switch(True, "GET /fieldValues filters by fieldid and val; off: it ignores them"),
    "filter_deal_data": Switch(True, "GET /dealCustomFieldData filters by dealId; off: it ignores it"),
    "filter_tags": Switch(True, "GET /tags filters by filters[search][eq]; off: it ignores it"),
    "created_status": Switch(201, "status of contactLists, fieldValues, fields and lists: 201 recorded, 200 described"),
    "duplicate_tag": Switch("refuse", "POST /tags of a name that exists: refuse (422) or answer the old one (unverified)"),
    "tag_again": Switch("same", "adding a tag twice: same (201, old id) or refuse (422) (unverified)"),
    "list_moves_udate": Switch(False, "a change of the list status moves the contact's udate (one recording says no)"),
    "untag_moves_udate": Switch(False, "removing a tag moves the contact's udate (unverified)"),
    "import_moves_udate": Switch(True, "a bulk import moves the contact's udate (unverified)"),
    "unknown_field": Switch("refuse", "a value for a custom field that does not exist: refuse (422) or drop (unverified)"),
    "lowercase_emails": Switch(False, "addresses are stored in small letters (unverified)"),
    "old_dates": Switch(False, "empty dates come as 0000-00-00, as in older payloads"),
}
