"""The points that can be turned: options of the org, and behaviours no source settles."""

from sandbox.salesforce.ids import ORG_ID
from sandbox.system import Switch

SWITCHES = {
    # --- the org
    "org_id": Switch(ORG_ID, "id of the org; another one makes it another org to its clients"),
    "is_sandbox": Switch(False, "Organization.IsSandbox; JWT audience is then https://test.salesforce.com"),
    "my_domain": Switch("nordwerk", "My Domain: the only host of the client-credentials flow besides the loopback address"),
    "instance_url": Switch("", "address in token answers; empty: the host that was asked"),
    "jwt_public_key": Switch("", "PEM public key or certificate of the app; empty: the sandbox's own pair"),
    "jwt_seconds": Switch(300, "how far in the future exp of a JWT may lie (3 or 5 minutes, unverified)"),
    "consumer_key": Switch("SANDBOX_CONSUMER_KEY", "key of the connected app"),
    "consumer_secret": Switch("sandbox-consumer-secret", "secret of the connected app"),
    "password": Switch("sandbox-password", "password and security token, joined, of every user"),
    "allow_password_flow": Switch(True, "OAuth username-password flow (blocked by default in newer orgs)"),
    "allow_soap_login": Switch(True, "SOAP login() at versions below 65.0"),
    "session_seconds": Switch(7200, "a session unused for so long is expired"),
    "daily_api_requests": Switch(100_000, "calls allowed per day; further ones get 403 REQUEST_LIMIT_EXCEEDED"),
    "per_app_usage": Switch(False, "Sforce-Limit-Info carries the longer form with per-app-api-usage"),
    "versions": Switch([31, 66], "first and last API version served; others answer 410"),
    "allow_setup": Switch(True, "the integration user may create custom fields and permissions"),
    "allow_hard_delete": Switch(False, "the integration user has the Bulk API Hard Delete permission"),
    "hidden_fields": Switch([], 'fields without field-level security, such as "Contact.Birthdate"'),
    # --- reading
    "page_size": Switch(2000, "rows of a query page unless Sforce-Query-Options asks for fewer"),
    "cursor_seconds": Switch(900, "a query cursor unused for so long is gone"),
    "cursors": Switch(10, "open query cursors per user; the oldest is dropped"),
    "covered_lag_seconds": Switch(0, "latestDateCovered lags so far behind the clock"),
    "recycle_bin_days": Switch(15, "deleted rows vanish from queryAll after so many days"),
    "limit_url": Switch(16_384, "a longer request address gets 414 with an HTML page"),
    # --- saving
    "trims_text": Switch(True, "leading and trailing blanks of text are cut on save (unverified)"),
    "cascades_deletes": Switch(True, "deleting an account deletes its contacts, opportunities, orders … (unverified)"),
    "merge_moves_winner": Switch(True, "the winner of a merge gets a new SystemModstamp (unverified)"),
    "assignment_rule": Switch(False, "an active lead rule: it chooses the owner unless auto-assign is off"),
    "assignment_in_collections": Switch(True, "Collections honour Sforce-Auto-Assign (unverified)"),
    "assignment_in_bulk": Switch(False, "the default lead rule runs in bulk jobs without assignmentRuleId (unverified)"),
    "duplicate_rule": Switch("off", "rule on contacts and leads of one e-mail address: off, alert or block"),
    "duplicate_header_in_collections": Switch(True, "Collections honour Sforce-Duplicate-Rule-Header (unverified)"),
    "duplicate_key": Switch("duplicateResut", "spelling of the duplicate details in the error body (unverified)"),
    "validation_rules": Switch([], "list of {object, field, equals, message}: a save with that value is refused"),
    "converted_lead_status": Switch(400, "HTTP status of CANNOT_UPDATE_CONVERTED_LEAD (unverified)"),
    "deleted_patch_status": Switch(404, "HTTP status of an update of a deleted record (unverified)"),
    "duplicate_id_fails": Switch("second", "one key twice in a Collections call: second or both fail (unverified)"),
    "created_on_failed_upsert": Switch(False, "failed rows of a Collections upsert carry created: true (recorded quirk)"),
    "empty_fields_on_errors": Switch(True, "errors without fields carry fields: [] rather than no key (both were recorded)"),
    # --- bulk
    "bulk_polls": Switch(0, "how often a bulk job answers InProgress before it is complete"),
    "bulk_header_on_pages": Switch(True, "every page of a bulk query has the header line; off: the first only (disputed)"),
    "bulk_charset": Switch(True, "CSV answers name their charset (unverified)"),
    "bulk_moment_suffix": Switch("Z", "how datetimes of bulk queries end: Z or +0000 (unverified)"),
    "bulk_unprocessed": Switch(0, "so many rows at the end of each ingest job stay unprocessed and the job is Failed"),
}
