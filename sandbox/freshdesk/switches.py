"""What can be turned: options of the account, and points the vendor's reference leaves open."""

from sandbox.system import Switch

API_KEY = "sandbox-freshdesk-key"

SWITCHES = {
    "api_key": Switch(API_KEY, "the API key of the one agent who calls"),
    "admin_key": Switch(True, "the key belongs to an administrator; others may not touch contact and company fields"),
    "plan": Switch("2000", "allowance per minute: trial, growth, pro, enterprise, 1000, 2000"),
    "rate_limit": Switch(True, "count the calls of each minute and answer 429 past the allowance"),
    "account_suspended": Switch(False, "every call answers 403 account_suspended"),
    "api_in_plan": Switch(True, "off: every call answers 403 require_feature, as on plans without API"),
    "nested_403": Switch(False, "403 comes as description and errors instead of code and message"),
    "multiple_companies": Switch(True, "feature: other_companies may be written"),
    "multiple_languages": Switch(True, "feature: language and time_zone may be written"),
    "modern_account": Switch(True, "made after June 2022: contact_type, social_handler and unique mobiles exist"),
    "updated_since": Switch("both", "the name that filters: both, updated_since, _updated_since (other refused), none"),
    "updated_since_exclusive": Switch(False, "rows changed exactly at the given second are left out"),
    "reject_unknown_query": Switch(True, "unknown query keys answer 400 invalid_field; off: they are ignored"),
    "external_id_filter": Switch(False, "GET /contacts accepts unique_external_id as a filter"),
    "email_filter_others": Switch(False, "GET /contacts?email= also finds other_emails"),
    "link_space": Switch(False, "the link header has a blank after < as the printed reference does"),
    "page_limit": Switch(0, "last page a list gives: no link on it, later pages answer 400 (0: no limit)"),
    "mobile_unique": Switch(True, "two contacts cannot have the same mobile"),
    "phone_unique": Switch(False, "two contacts cannot have the same phone"),
    "other_emails_taken": Switch(True, "an address among another contact's other_emails counts as taken"),
    "domain_unique": Switch(True, "two companies cannot have the same domain"),
    "domain_links": Switch(True, "a new address in a company's domain links its contact to that company"),
    "duplicate_status": Switch(409, "status of duplicate_value: 409 or 400"),
    "duplicate_owner": Switch("email", "additional_info.user_id of duplicates: email (only there), all, none"),
    "keep_custom_fields": Switch(True, "custom fields not named in an update keep their values; off: they are cleared"),
    "lowercase_emails": Switch(True, "addresses are stored in small letters"),
    "delete_moves_stamp": Switch(True, "soft delete and restore move updated_at"),
    "unlink_moves_stamp": Switch(True, "deleting a company moves updated_at of its contacts"),
    "merge_leaves": Switch("deleted", "merged contacts remain: deleted (soft-deleted, stripped) or gone (404)"),
    "company_offset": Switch(False, "stamps of companies are written with the offset +05:30"),
    "search_lag_seconds": Switch(0, "how long a change stays invisible to search"),
    "job_seconds": Switch(0, "how long exports and imports stay in_progress"),
}  # fmt: skip
