"""What can be turned: options of the account, and points the vendor's reference leaves open."""

from sandbox.system import Switch

API_KEY = "sandbox-getresponse-key"

SWITCHES = {
    "api_key": Switch(API_KEY, "the account's API key"),
    "rate_limit": Switch(True, "count the calls of each second and of each ten minutes and answer 429 past them"),
    "calls_per_second": Switch(80, "allowance of one second"),
    "calls_per_frame": Switch(30_000, "allowance of ten minutes"),
    "retry_after": Switch(True, "429 carries Retry-After; off: only the X-RateLimit headers tell how long to wait"),
    "blocked": Switch("", "every call answers 403: temporary (1016), permanent (1017), ip (1018); empty: not blocked"),
    "create_delay_seconds": Switch(1, "how long a contact that was taken with 202 stays invisible"),
    "dropped": Switch([], "addresses, or domains, taken with 202 that never appear"),
    "queued_again": Switch(202, "answer to a second create while the first is on its way: 202 or 409"),
    "blocklist": Switch([], "addresses, or domains, whose create is refused with 1002"),
    "readd_removed": Switch("accepts", "creating a removed contact again: accepts, drops (202, never appears), refuses (1002)"),
    "readd_keeps_id": Switch(False, "a removed contact that is created again has its former id"),
    "contact_limit": Switch(0, "past so many contacts a create is refused with 1027 (0: no limit)"),
    "changed_on": Switch("all", "what moves changedOn: all writes, or core (tags and custom values do not)"),
    "range_time": Switch(True, "the time of query[changedOn][from] counts; off: only its date does"),
    "move_keeps_id": Switch(True, "a contact moved to another list has the same id"),
    "removed_listed": Switch(
        True, "removed contacts stay in the search of removed ones for ever; off: those removed by users do not"
    ),
    "typed_fields": Switch(True, "values that do not fit the type of a custom field are refused"),
    "campaign_page_cap": Switch(0, "a page of campaigns silently holds no more than this, TotalPages does not know (0: no cap)"),
    "context_list": Switch(False, "an empty context of an error comes as [] instead of {}"),
    "import_seconds": Switch(2, "how long an import takes; its statistics come one step after its end"),
}
