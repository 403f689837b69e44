"""Companies: shapes, unique names, domains, dropdowns, permanent deletion."""

import pytest

KEYS = {
    "id", "name", "description", "note", "domains", "health_score", "account_tier", "renewal_date", "industry",
    "custom_fields",
    "created_at", "updated_at",
}  # fmt: skip


def test_create_view_and_list_show_the_same(call):
    given = {
        "name": "Nordwerk GmbH", "domains": ["nordwerk.example"], "health_score": "Happy", "account_tier": "Premium",
        "renewal_date": "2026-12-31", "industry": "Machinery", "custom_fields": {"website": "https://nordwerk.example"},
    }  # fmt: skip
    answer = call("POST", "/companies", given)
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{call.url}/companies/{body['id']}"
    assert set(body) == KEYS
    assert body["renewal_date"] == "2026-12-31T00:00:00Z"
    assert body["custom_fields"] == {"website": "https://nordwerk.example", "orders": None}
    assert call.ok("GET", f"/companies/{body['id']}") == body
    assert call.ok("GET", "/companies") == [body]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ("name", "missing_field")),
        ({"name": ""}, ("name", "invalid_value")),
        ({"name": "A", "industry": "Pirates"}, ("industry", "invalid_value")),
        ({"name": "A", "health_score": "Ecstatic"}, ("health_score", "invalid_value")),
        ({"name": "A", "account_tier": "Gold"}, ("account_tier", "invalid_value")),
        ({"name": "A", "renewal_date": "31.12.2026"}, ("renewal_date", "invalid_value")),
        ({"name": "A", "domains": "a.example"}, ("domains", "datatype_mismatch")),
        ({"name": "A", "domains": ["no domain"]}, ("domains", "invalid_value")),
        ({"name": "A", "phone": "1"}, ("phone", "invalid_field")),
        ({"name": "A", "unique_external_id": "001"}, ("unique_external_id", "invalid_field")),
        ({"name": "A", "custom_fields": {"sfaccountid": "001"}}, ("sfaccountid", "invalid_field")),
        ({"name": "A", "custom_fields": {"website": "no url"}}, ("website", "invalid_value")),
    ],
)
def test_create_names_what_is_wrong(call, body, problem):
    assert call.errors("POST", "/companies", body) == [(400, *problem)]
    assert call.ok("GET", "/companies") == []


def test_names_and_domains_are_unique(call, desk):
    call.company("Nordwerk", domains=["nordwerk.example"])
    assert call.errors("POST", "/companies", {"name": " NORDWERK "}) == [(409, "name", "duplicate_value")]
    body = {"name": "Other", "domains": ["Nordwerk.example"]}
    assert call.errors("POST", "/companies", body) == [(409, "domains", "duplicate_value")]
    desk.switches(domain_unique=False)
    assert call.company(**body)["domains"] == ["Nordwerk.example"]


def test_update_is_partial_and_can_remove_domains(call):
    company = call.company(domains=["nordwerk.example"], note="old", industry="Machinery")
    path = f"/companies/{company['id']}"
    after = call.ok("PUT", path, {"domains": [], "industry": None, "name": "Nordwerk GmbH"})
    assert (after["domains"], after["industry"], after["note"]) == ([], None, "old")
    assert call.company("Other", domains=["nordwerk.example"])


def test_renewal_date_survives_an_update_of_something_else(call):
    company = call.company(renewal_date="2026-12-31")
    after = call.ok("PUT", f"/companies/{company['id']}", {"note": "new"})
    assert after["renewal_date"] == "2026-12-31T00:00:00Z"


def test_delete_is_for_good_and_unlinks_contacts(call, desk):
    company = call.company()["id"]
    contact = call.contact(company_id=company)
    desk.clock(60)
    assert call("DELETE", f"/companies/{company}").status_code == 204
    assert call("GET", f"/companies/{company}").status_code == 404
    after = call.ok("GET", f"/contacts/{contact['id']}")
    assert after["company_id"] is None
    assert after["updated_at"] > contact["updated_at"]
    assert call.company()["id"] != company


def test_unlinking_need_not_move_the_stamp(call, desk):
    desk.switches(unlink_moves_stamp=False)
    company = call.company()["id"]
    contact = call.contact(company_id=company)
    desk.clock(60)
    call("DELETE", f"/companies/{company}")
    assert call.ok("GET", f"/contacts/{contact['id']}")["updated_at"] == contact["updated_at"]


def test_domain_links_new_contacts_without_a_company(call, desk):
    company, other = call.company(domains=["firma.example"])["id"], call.company("Other")["id"]
    assert call.contact("A", email="a@FIRMA.example")["company_id"] == company
    assert call.contact("B", email="b@firma.example", company_id=other)["company_id"] == other
    desk.switches(domain_links=False)
    assert call.contact("C", email="c@firma.example")["company_id"] is None


def test_stamps_may_carry_an_offset(call, desk):
    stamp = call.company()["updated_at"]
    desk.switches(company_offset=True)
    [row] = call.ok("GET", "/companies")
    assert row["updated_at"].endswith("+05:30")
    assert row["updated_at"] != stamp


def test_autocomplete(call):
    company = call.company("Nordwerk Hafen GmbH")["id"]
    assert call.ok("GET", "/companies/autocomplete?name=haf") == {"companies": [{"id": company, "name": "Nordwerk Hafen GmbH"}]}
