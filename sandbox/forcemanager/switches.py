"""What can be turned: options of the implementation, and points that no public source settles."""

from sandbox.system import Switch

PUBLIC_KEY = "sandbox-public-key"
PRIVATE_KEY = "sandbox-private-key"

SWITCHES = {
    "public_key": Switch(PUBLIC_KEY, "the public API key, the username of the login"),
    "private_key": Switch(PRIVATE_KEY, "the private API key, the password of the login"),
    "login_refusal": Switch(401, "status of a login with wrong keys: 401 or 400 (unverified)"),
    "token_seconds": Switch(3600, "a session token ends so long after its login (about an hour, unverified)"),
    "rate_limit": Switch(True, "count the calls of each second and answer 429 past the allowance"),
    "calls_per_second": Switch(4, "allowance of the plan: 4 or 13"),
    "retry_after": Switch(0, "Retry-After of 429 in seconds; 0: no such header (unverified)"),
    "count_limit": Switch(500, "most rows of a page, whatever the header Count asks (unverified)"),
    "count_header": Switch("Count", "the header that sizes a page: Count or X-FM-Entity-Count (sources differ)"),
    "empty_list": Switch(200, "status of a list without rows: 200 with [] or 404 as in older versions (unverified)"),
    "date_literals": Switch(
        ["iso", "space"], "date literals that where takes: iso (2026-03-01T08:00:00Z), space (2026-03-01 08:00:00); unverified"
    ),
    "where_or_equal": Switch(False, "where knows >= and <= (unverified)"),
    "where_ignores_case": Switch(True, "text in where compares without regard to case (unverified)"),
    "nulls_in_order": Switch("last", "where rows without the ordered value stand: last or first (unverified)"),
    "lists_deleted": Switch(True, "deleted rows stay in lists, with deleted true"),
    "view_deleted": Switch(False, "a deleted row can still be read by its id (unverified)"),
    "created_status": Switch(200, "status of a create: 200 or 201 as in older versions"),
    "message_key": Switch("Message", "how the key of answers is written: Message or message (sources differ)"),
    "terse_errors": Switch(False, "refusals say no more than Bad Request (unverified)"),
    "ext_id_unique": Switch(False, "an extId that another live row has is refused (unverified)"),
    "takes_null": Switch(True, "null clears a value; off: it is ignored (unverified)"),
    "takes_objects": Switch(False, "references may be written as objects too (unverified)"),
    "calendar_dates": Switch("yy/mm/dd", "how the calendar shows dates: yy/mm/dd or yyyy-mm-dd (unverified)"),
    "contact_needs_account": Switch(True, "a contact is refused without accountId"),
}  # fmt: skip
