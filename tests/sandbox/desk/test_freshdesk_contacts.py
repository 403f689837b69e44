"""Contacts: shapes, rules of create and update, deletion, merge."""

import pytest

VIEW_KEYS = {
    "id", "name", "email", "active", "address", "phone", "mobile", "job_title", "description", "language", "time_zone",
    "twitter_id", "company_id", "view_all_tickets", "other_companies", "other_emails", "tags", "custom_fields",
    "unique_external_id", "avatar", "contact_type", "social_handler", "first_name", "last_name", "facebook_id",
    "csat_rating",
    "preferred_source", "visitor_id", "org_contact_id", "other_phone_numbers", "created_at", "updated_at",
}  # fmt: skip
ONLY_IN_VIEW = {"tags", "other_emails", "view_all_tickets", "avatar", "contact_type", "social_handler"}


def test_create_answers_201_with_location_and_the_full_view(call):
    given = {
        "name": "Łukasz Żółć", "email": "l@firma.example", "mobile": "+49 199 5550100", "tags": ["vip"],
        "job_title": "CEO",
        "other_emails": ["z@firma.example"], "custom_fields": {"region": "North", "newsletter": False,
        "loyalty_points": 0},
    }  # fmt: skip
    answer = call("POST", "/contacts", given)
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{call.url}/contacts/{body['id']}"
    assert set(body) == VIEW_KEYS
    assert body | given == body | {"custom_fields": given["custom_fields"]}
    assert body["custom_fields"] == {**given["custom_fields"], "customer_since": None}
    assert (body["first_name"], body["last_name"]) == ("Łukasz", "Żółć")
    assert call.ok("GET", f"/contacts/{body['id']}") == body


def test_list_rows_are_thinner_than_the_view(call):
    company = call.company()["id"]
    contact = call.contact(tags=["vip"], other_companies=[{"company_id": company, "view_all_tickets": True}])
    [row] = call.ok("GET", "/contacts")
    assert set(row) == VIEW_KEYS - ONLY_IN_VIEW
    assert row["other_companies"] == [company]
    assert contact["other_companies"] == [{"company_id": company, "view_all_tickets": True}]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"email": "a@b.example"}, ("name", "missing_field")),
        ({"name": "  ", "email": "a@b.example"}, ("name", "invalid_value")),
        ({"name": None, "email": "a@b.example"}, ("name", "invalid_value")),
        ({"name": "A"}, ("email", "missing_field")),
        ({"name": "A", "email": None, "phone": ""}, ("email", "missing_field")),
        ({"name": "A", "email": "not an address"}, ("email", "invalid_value")),
        ({"name": "A" * 256, "email": "a@b.example"}, ("name", "invalid_value")),
        ({"name": "A", "phone": 4915100}, ("phone", "datatype_mismatch")),
        ({"name": "A", "phone": "1", "tags": None}, ("tags", "datatype_mismatch")),
        ({"name": "A", "phone": "1", "tags": ["x" * 33]}, ("tags", "invalid_value")),
        ({"name": "A", "phone": "1", "other_emails": ["nonsense"]}, ("other_emails", "invalid_value")),
        ({"name": "A", "phone": "1", "company_id": 99}, ("company_id", "invalid_value")),
        ({"name": "A", "phone": "1", "company_id": "99"}, ("company_id", "datatype_mismatch")),
        ({"name": "A", "phone": "1", "language": "klingon"}, ("language", "invalid_value")),
        ({"name": "A", "phone": "1", "time_zone": "Atlantis"}, ("time_zone", "invalid_value")),
        ({"name": "A", "phone": "1", "first_name": "A"}, ("first_name", "invalid_field")),
        ({"name": "A", "phone": "1", "active": True}, ("active", "invalid_field")),
        ({"name": "A", "phone": "1", "custom_fields": {"sfcontactid": "003"}}, ("sfcontactid", "invalid_field")),
        ({"name": "A", "phone": "1", "custom_fields": {"region": "Nowhere"}}, ("region", "invalid_value")),
        ({"name": "A", "phone": "1", "custom_fields": {"newsletter": "yes"}}, ("newsletter", "datatype_mismatch")),
        ({"name": "A", "phone": "1", "custom_fields": {"loyalty_points": 1.5}}, ("loyalty_points",
        "datatype_mismatch")),
        ({"name": "A", "phone": "1", "custom_fields": {"customer_since": "2026-01-01T00:00:00Z"}}, ("customer_since",
        "invalid_value")),
        ({"name": "A", "phone": "1", "custom_fields": []}, ("custom_fields", "datatype_mismatch")),
    ],
)  # fmt: skip
def test_create_names_what_is_wrong(call, body, problem):
    assert call.errors("POST", "/contacts", body) == [(400, *problem)]
    assert call.ok("GET", "/contacts") == []


def test_all_problems_come_at_once(call):
    body = {"email": "x", "phone": 1, "odd": 1, "custom_fields": {"region": "?"}}
    assert {field for _, field, _ in call.errors("POST", "/contacts", body)} == {"name", "email", "phone", "odd", "region"}


@pytest.mark.parametrize("field", ["email", "twitter_id", "unique_external_id", "mobile"])
def test_unique_fields_are_refused_without_regard_to_case(call, field):
    call.contact("First", **{field: "abc@firma.example"})
    body = {"name": "Second", field: " ABC@firma.example "}
    assert call.errors("POST", "/contacts", body) == [(409, field, "duplicate_value")]


@pytest.mark.parametrize(("setting", "named"), [("email", True), ("all", True), ("none", False)])
def test_duplicate_email_names_its_owner(call, desk, setting, named):
    desk.switches(duplicate_owner=setting)
    owner = call.contact("First", email="a@firma.example")["id"]
    [entry] = call("POST", "/contacts", {"name": "Second", "email": "a@firma.example"}).json()["errors"]
    assert entry.get("additional_info") == ({"user_id": owner} if named else None)


def test_address_is_taken_by_other_emails_agents_and_deleted_contacts(call, desk):
    owner = call.contact("First", email="a@firma.example", other_emails=["b@firma.example"])["id"]
    call("DELETE", f"/contacts/{owner}")
    agent = call.ok("GET", "/agents/me")
    for address, user in (("a@firma.example", owner), ("B@firma.example", owner), (agent["contact"]["email"], agent["id"])):
        [entry] = call("POST", "/contacts", {"name": "Second", "email": address}).json()["errors"]
        assert entry["additional_info"] == {"user_id": user}


def test_duplicates_can_answer_400_and_mobiles_be_shared(call, desk):
    desk.switches(duplicate_status=400, mobile_unique=False)
    call.contact("First", email="a@firma.example", mobile="1")
    assert call.errors("POST", "/contacts", {"name": "B", "email": "a@firma.example"}) == [(400, "email", "duplicate_value")]
    assert call.contact("Third", mobile="1")["mobile"] == "1"


def test_other_emails_may_not_be_another_contacts_address(call):
    call.contact("First", email="a@firma.example")
    body = {"name": "Second", "phone": "1", "other_emails": ["a@firma.example"]}
    assert call.errors("POST", "/contacts", body) == [(409, "other_emails", "duplicate_value")]


def test_update_is_partial_and_arrays_replace(call):
    contact = call.contact(
        email="m@firma.example",
        tags=["a", "b"],
        other_emails=["x@firma.example"],
        phone="1",
        custom_fields={"region": "North", "loyalty_points": 5},
    )
    change = {"tags": ["c"], "other_emails": [], "phone": None, "custom_fields": {"loyalty_points": None}}
    after = call.ok("PUT", f"/contacts/{contact['id']}", change)
    assert after["tags"] == ["c"]
    assert after["other_emails"] == []
    assert after["phone"] is None
    assert after["custom_fields"]["region"] == "North"
    assert after["custom_fields"]["loyalty_points"] is None
    assert after["email"] == contact["email"]
    assert call.contact("Second", email="x@firma.example")


def test_update_keeps_its_own_unique_values(call):
    contact = call.contact(email="a@firma.example", mobile="1")
    assert call.ok("PUT", f"/contacts/{contact['id']}", {"email": "a@firma.example", "mobile": "1", "name": "N"})["name"] == "N"


def test_omitted_custom_fields_can_be_cleared_by_switch(call, desk):
    desk.switches(keep_custom_fields=False)
    contact = call.contact(custom_fields={"region": "North", "loyalty_points": 5})
    after = call.ok("PUT", f"/contacts/{contact['id']}", {"custom_fields": {"loyalty_points": 6}})
    assert (after["custom_fields"]["region"], after["custom_fields"]["loyalty_points"]) == (None, 6)


def test_update_may_not_take_the_last_identifier(call):
    contact = call.contact(phone="1")
    assert call.errors("PUT", f"/contacts/{contact['id']}", {"phone": None}) == [(400, "email", "missing_field")]


def test_update_moves_the_stamp(call, desk):
    contact = call.contact()
    desk.clock(3600)
    after = call.ok("PUT", f"/contacts/{contact['id']}", {"job_title": "CEO"})
    assert after["updated_at"] > contact["updated_at"]
    assert after["created_at"] == contact["created_at"]


def test_delete_restore_and_405_in_between(call):
    path = f"/contacts/{call.contact()['id']}"
    assert call("DELETE", path).status_code == 204
    assert call.ok("GET", "/contacts") == []
    assert call.ok("GET", path)["deleted"] is True
    for method in ("PUT", "DELETE"):
        answer = call(method, path, {"name": "N"})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert call("PUT", f"{path}/restore").status_code == 204
    assert "deleted" not in call.ok("GET", path)
    assert call("PUT", f"{path}/restore").status_code == 404


def test_blocked_contact_cannot_be_written(call, desk):
    contact = call.contact()
    desk.action("block", id=contact["id"])
    assert call("PUT", f"/contacts/{contact['id']}", {"name": "N"}).status_code == 405
    assert call("DELETE", f"/contacts/{contact['id']}").status_code == 405
    desk.action("unblock", id=contact["id"])
    assert call("PUT", f"/contacts/{contact['id']}", {"name": "N"}).status_code == 200


def test_hard_delete_wants_a_soft_delete_or_force(call):
    first, second = call.contact("First")["id"], call.contact("Second")["id"]
    assert call("DELETE", f"/contacts/{first}/hard_delete").status_code == 400
    assert call("DELETE", f"/contacts/{first}/hard_delete?force=true").status_code == 204
    call("DELETE", f"/contacts/{second}")
    assert call("DELETE", f"/contacts/{second}/hard_delete").status_code == 204
    assert {call("GET", f"/contacts/{key}").status_code for key in (first, second)} == {404}
    assert call.contact("First")["id"] not in (first, second)


def test_merge_gathers_addresses_and_retires_the_second(call):
    first = call.contact("First", email="a@firma.example", phone="1")["id"]
    second = call.contact("Second", email="b@firma.example", mobile="2", other_emails=["c@firma.example"])["id"]
    body = {"primary_contact_id": first, "secondary_contact_ids": [second]}
    assert call("POST", "/contacts/merge", body).status_code == 204
    merged = call.ok("GET", f"/contacts/{first}")
    assert merged["other_emails"] == ["b@firma.example", "c@firma.example"]
    assert (merged["email"], merged["mobile"]) == ("a@firma.example", "2")
    assert call.ok("GET", f"/contacts/{second}")["deleted"] is True


def test_merge_wants_a_choice_where_both_have_a_phone(call, desk):
    desk.switches(merge_leaves="gone")
    first, second = call.contact("First", phone="1")["id"], call.contact("Second", phone="2")["id"]
    body = {"primary_contact_id": first, "secondary_contact_ids": [second]}
    assert call.errors("POST", "/contacts/merge", body) == [(400, "phone", "missing_field")]
    assert call("POST", "/contacts/merge", {**body, "contact": {"phone": "2"}}).status_code == 204
    assert call.ok("GET", f"/contacts/{first}")["phone"] == "2"
    assert call("GET", f"/contacts/{second}").status_code == 404


def test_features_outside_the_plan_are_refused(call, desk):
    desk.switches(multiple_languages=False, multiple_companies=False)
    body = {"name": "A", "phone": "1", "language": "de", "other_companies": []}
    assert {code for _, _, code in call.errors("POST", "/contacts", body)} == {"require_feature"}


def test_autocomplete_matches_the_start_of_any_word(call):
    contact = call.contact("Mara von Lind")
    call.contact("Amara Blind")
    assert call.ok("GET", "/contacts/autocomplete?term=LIN") == [{"id": contact["id"], "name": "Mara von Lind"}]
