"""Field definitions: what an account has, and custom fields made, changed and dropped over the API."""

import pytest

CONTACT_KEYS = {
    "id", "name", "label", "label_for_customers", "type", "default", "position", "unique", "required_for_agents",
    "agents_can_edit", "displayed_for_agents", "quick_add_for_agent", "editable_in_signup", "customers_can_edit",
    "required_for_customers", "displayed_for_customers", "created_at", "updated_at",
}  # fmt: skip
NEW = {"label": "SFCONTACTID", "label_for_customers": "SFCONTACTID", "type": "custom_text", "unique": True}


def names(call, kind):
    return [field["name"] for field in call.ok("GET", f"/{kind}")]


def test_cross_references_do_not_exist_by_themselves(call, desk):
    assert not {"sfcontactid", "sfaccountid"} & {*names(call, "contact_fields"), *names(call, "company_fields")}
    desk.reset(cross_references=True)
    assert "sfcontactid" in names(call, "contact_fields")
    assert "sfaccountid" in names(call, "company_fields")


def test_dropdowns_show_their_choices(call):
    fields = {field["name"]: field for field in call.ok("GET", "/company_fields") + call.ok("GET", "/contact_fields")}
    assert [choice["value"] for choice in fields["health_score"]["choices"]] == ["At risk", "Doing okay", "Happy"]
    assert [choice["label"] for choice in fields["region"]["choices"]] == ["North", "South", "East", "West"]
    assert {fields[name]["type"] for name in ("region", "newsletter", "customer_since", "email")} == {
        "custom_dropdown", "custom_checkbox", "custom_date", "default_email",
    }  # fmt: skip


def test_new_field_can_be_used_at_once_and_is_unique(call):
    answer = call("POST", "/contact_fields", {**NEW, "displayed_for_customers": False})
    assert answer.status_code == 201
    assert set(answer.json()) == CONTACT_KEYS
    assert (answer.json()["name"], answer.json()["unique"]) == ("sfcontactid", True)
    call.contact("First", custom_fields={"sfcontactid": "003A"})
    body = {"name": "Second", "phone": "1", "custom_fields": {"sfcontactid": "003a"}}
    assert call.errors("POST", "/contacts", body) == [(409, "sfcontactid", "duplicate_value")]


def test_company_fields_have_no_customer_keys(call):
    field = call.ok("POST", "/company_fields", {"label": "SFACCOUNTID", "type": "custom_text", "unique": True})
    assert not [key for key in field if "customer" in key or "signup" in key]
    call.company("First", custom_fields={"sfaccountid": "001"})
    body = {"name": "Second", "custom_fields": {"sfaccountid": "001"}}
    assert call.errors("POST", "/companies", body) == [(409, "sfaccountid", "duplicate_value")]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"label": None}, ("label", "missing_field")),
        ({"label_for_customers": None}, ("label_for_customers", "missing_field")),
        ({"type": "custom_hologram"}, ("type", "invalid_value")),
        ({"type": "custom_dropdown"}, ("choices", "missing_field")),
        ({"name": "own_name"}, ("name", "invalid_field")),
    ],
)
def test_bad_definitions_are_refused(call, change, problem):
    assert call.errors("POST", "/contact_fields", {**NEW, **change}) == [(400, *problem)]


def test_labels_are_unique(call):
    call.ok("POST", "/contact_fields", NEW)
    assert call.errors("POST", "/contact_fields", NEW) == [(409, "label", "duplicate_value")]


def test_update_and_delete(call):
    key = call.ok("POST", "/contact_fields", NEW)["id"]
    contact = call.contact(custom_fields={"sfcontactid": "003A"})["id"]
    path = f"/contact_fields/{key}"
    assert call.ok("PUT", path, {"label": "Salesforce"})["name"] == "sfcontactid"
    assert call.errors("PUT", path, {"type": "custom_date"}) == [(400, "type", "readonly_field")]
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404
    assert "sfcontactid" not in call.ok("GET", f"/contacts/{contact}")["custom_fields"]
    call.ok("POST", "/contact_fields", NEW)
    assert call.ok("GET", f"/contacts/{contact}")["custom_fields"]["sfcontactid"] is None


def test_default_fields_stay(call):
    key = call.ok("GET", "/contact_fields")[0]["id"]
    assert call("DELETE", f"/contact_fields/{key}").status_code == 403


def test_required_fields_are_wanted_on_create_and_cannot_be_cleared(call):
    call.ok("POST", "/contact_fields", {**NEW, "required_for_agents": True})
    body = {"name": "A", "phone": "1"}
    assert call.errors("POST", "/contacts", body) == [(400, "sfcontactid", "missing_field")]
    contact = call.ok("POST", "/contacts", {**body, "custom_fields": {"sfcontactid": "003"}})
    change = {"custom_fields": {"sfcontactid": None}}
    assert call.errors("PUT", f"/contacts/{contact['id']}", change) == [(400, "sfcontactid", "missing_field")]


def test_fields_want_an_administrators_key(call, desk):
    desk.switches(admin_key=False)
    answer = call("GET", "/contact_fields")
    assert (answer.status_code, answer.json()["code"]) == (403, "access_denied")
    assert call("GET", "/contacts").status_code == 200


def test_choices_can_change_on_the_page(call, desk):
    desk.action("set_choices", kind="contact_fields", field="region", choices=["Centre"])
    body = {"name": "A", "phone": "1", "custom_fields": {"region": "North"}}
    assert call.errors("POST", "/contacts", body) == [(400, "region", "invalid_value")]
    desk.action("drop_field", kind="contact_fields", field="region")
    assert call.errors("POST", "/contacts", body) == [(400, "region", "invalid_field")]
