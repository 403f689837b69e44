"""Search: grammar, fields, pages, and an index that is late."""

import pytest


@pytest.fixture
def people(call, desk):
    desk.reset(cross_references=True)
    company = call.company(domains=["a.example"], custom_fields={"sfaccountid": "001A"})["id"]
    rows = [
        {"name": "A", "email": "a@firma.example", "tags": ["vip"], "custom_fields": {"sfcontactid": "003A", "loyalty_points": 5}},
        {"name": "B", "phone": "1", "company_id": company, "custom_fields": {"region": "North", "loyalty_points": 50}},
        {"name": "C", "mobile": "+49 2", "language": "de", "active": True, "custom_fields": {"newsletter": True}},
        {"name": "D", "email": "d@firma.example", "deleted": True},
    ]
    stamps = {"created_at": "2026-01-10T10:00:00Z", "updated_at": "2026-03-05T23:59:59Z"}
    desk.insert("contacts", [row | stamps for row in rows])
    return desk


def search(call, query, page=1, kind="contacts"):
    return call("GET", f"/search/{kind}", params={"query": f'"{query}"', "page": page})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("email:'A@firma.example'", "A"),
        ("email:'d@firma.example'", ""),
        ("email:null", "BC"),
        ("tag:'vip'", "A"),
        ("tag:null", "BC"),
        ("mobile:'+49 2'", "C"),
        ("active:true", "C"),
        ("active:false", "AB"),
        ("language:'de'", "C"),
        ("region:'North'", "B"),
        ("newsletter:true", "C"),
        ("sfcontactid:'003A'", "A"),
        ("loyalty_points:5", "A"),
        ("loyalty_points:>5", "AB"),
        ("loyalty_points:<49", "A"),
        ("updated_at:'2026-03-05'", "ABC"),
        ("updated_at:>'2026-03-05'", "ABC"),
        ("updated_at:>'2026-03-06'", ""),
        ("created_at:<'2026-01-10' AND active:false", "AB"),
        ("sfcontactid:'003A' OR region:'North' AND active:true", "A"),
        ("(sfcontactid:'003A' OR region:'North') AND active:false", "AB"),
        ("email:'a@firma.example' OR phone:'1' OR mobile:'+49 2'", "ABC"),
        ("phone:'1' AND mobile:'+49 2'", ""),
    ],
)
def test_contacts_by_query(call, people, query, found):
    answer = search(call, query)
    assert answer.status_code == 200, answer.text
    assert "".join(row["name"] for row in answer.json()["results"]) == found
    assert answer.json()["total"] == len(found)


def test_companies_by_custom_text_and_domain(call, people):
    for query in ("sfaccountid:'001A'", "domain:'A.example'", "domain:'a.example' AND sfaccountid:'001A'"):
        assert search(call, query, kind="companies").json()["total"] == 1
    assert search(call, "domain:'b.example'", kind="companies").json() == {"total": 0, "results": []}


def test_company_of_a_contact(call, people):
    company = people.records("companies")[0]["id"]
    assert [row["name"] for row in search(call, f"company_id:{company}").json()["results"]] == ["B"]


def test_names_with_quotes_are_escaped(call, desk):
    call.contact("Siobhán", email="o'brien@firma.example")
    assert search(call, r"email:'o\'brien@firma.example'").json()["total"] == 1


@pytest.mark.parametrize(
    "query",
    ["", "email", "email:", "email:'x", "email:'x' AND", "(email:'x'", "email:'x')", "email:'x' phone:'1'", "AND", "x" * 513],
)
def test_broken_queries_are_refused(call, query):
    assert search(call, query).json()["errors"][0]["field"] == "query"


@pytest.mark.parametrize("field", ["name", "unique_external_id", "Email", "customer_since", "nonsense"])
def test_unlisted_fields_are_refused(call, field):
    answer = search(call, f"{field}:'x'")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_field")


def test_query_wants_its_double_quotes(call):
    assert call.errors("GET", "/search/contacts?query=email:'x'") == [(400, "query", "invalid_value")]
    assert call.errors("GET", "/search/contacts") == [(400, "query", "missing_field")]


def test_thirty_a_page_and_ten_pages(call, desk):
    desk.insert("contacts", [{"name": f"N{number:03d}", "phone": str(number), "language": "de"} for number in range(310)])
    pages = [search(call, "language:'de'", page).json() for page in range(1, 11)]
    assert {page["total"] for page in pages} == {310}
    assert len({row["id"] for page in pages for row in page["results"]}) == 300
    assert search(call, "language:'de'", 11).json()["errors"][0]["code"] == "invalid_value"


def test_changes_stay_unseen_until_the_index_has_them(call, desk):
    desk.switches(search_lag_seconds=120)
    contact = call.contact(phone="1")
    assert search(call, "phone:'1'").json()["total"] == 0
    desk.clock(121)
    assert search(call, "phone:'1'").json()["total"] == 1
    call.ok("PUT", f"/contacts/{contact['id']}", {"phone": "2"})
    assert search(call, "phone:'1'").json()["total"] == 1
    assert search(call, "phone:'2'").json()["total"] == 0
    desk.clock(300)
    assert search(call, "phone:'1'").json()["total"] == 0
    assert search(call, "phone:'2'").json()["total"] == 1
