"""Lists: order of names, pages, links, filters; and what happens when names change under a walk."""

from datetime import datetime, timedelta

import pytest


def seed_names(desk, names, **more):
    rows = [{"name": name, "email": f"n{at}@firma.example", **more} for at, name in enumerate(names)]
    return desk.insert("contacts", rows)


def walk(call, path):
    """Follow the link headers from `path`; returns names and the number of pages."""
    names, pages, url = [], 0, call.url + path
    while url:
        answer = call.session.get(url, timeout=10)
        names += [row["name"] for row in answer.json()]
        pages += 1
        url = answer.links.get("next", {}).get("url")
    return names, pages


def test_names_are_alphabetical_whatever_was_changed_last(call, desk):
    seed_names(desk, ["berta", "Anton", "Émile", "caesar"])
    assert [row["name"] for row in call.ok("GET", "/contacts")] == ["Anton", "berta", "caesar", "Émile"]


def test_walk_by_link_sees_everybody_once(call, desk):
    seed_names(desk, [f"Name {number:03d}" for number in range(230)])
    names, pages = walk(call, "/contacts?per_page=100&updated_since=2020-01-01T00:00:00Z")
    assert names == [f"Name {number:03d}" for number in range(230)]
    assert pages == 3


def test_no_link_on_a_full_last_page_and_empty_past_the_end(call, desk):
    seed_names(desk, [f"Name {number:03d}" for number in range(60)])
    last = call("GET", "/contacts?page=2")
    assert (len(last.json()), "link" in last.headers) == (30, False)
    assert call("GET", "/contacts").headers["link"] == f'<{call.url}/contacts?page=2>;rel="next"'
    assert call.ok("GET", "/contacts?page=3") == []


def test_link_may_have_a_blank(call, desk):
    desk.switches(link_space=True)
    seed_names(desk, ["A", "B"])
    assert call("GET", "/contacts?per_page=1").headers["link"].startswith("< http")


def test_rename_during_a_walk_shifts_rows(call, desk):
    ids = seed_names(desk, ["A", "B", "C", "D"])
    first = call.ok("GET", "/contacts?per_page=2")
    desk.edit("contacts", ids[0], {"name": "Z"})
    second = call.ok("GET", "/contacts?per_page=2&page=2")
    assert [row["name"] for row in first + second] == ["A", "B", "D", "Z"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("per_page=many", "per_page"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("state=gone", "state"),
        ("company_id=x", "company_id"),
        ("updated_since=yesterday", "updated_since"),
    ],
)
def test_bad_query_values_are_refused(call, query, field):
    assert call.errors("GET", f"/contacts?{query}") == [(400, field, "invalid_value")]


def test_unknown_query_keys_are_refused_unless_switched_off(call, desk):
    assert call.errors("GET", "/contacts?order_by=updated_at") == [(400, "order_by", "invalid_field")]
    desk.switches(reject_unknown_query=False)
    assert call.ok("GET", "/contacts?order_by=updated_at") == []


def test_states_part_the_contacts(call, desk):
    kinds = ({"active": True}, {}, {"deleted": True}, {"blocked": True})
    for number, marks in enumerate(kinds):
        desk.insert("contacts", [{"name": f"N{number}", "email": f"n{number}@firma.example", **marks}])
    shown = {
        state: [row["name"] for row in call.ok("GET", f"/contacts?{state}")]
        for state in ("", "state=verified", "state=unverified", "state=deleted", "state=blocked")
    }
    assert list(shown.values()) == [["N0", "N1"], ["N0"], ["N1"], ["N2"], ["N3"]]


def test_filters_combine_and_want_encoding(call, desk):
    company = call.company()["id"]
    call.contact("A", email="A@firma.example", mobile="+49 1", company_id=company)
    call.contact("B", email="b@firma.example", phone="+49 2")
    for query, names in {
        "email=A%40FIRMA.example": ["A"],
        "mobile=%2B49%201": ["A"],
        "mobile=+49 1": [],
        "phone=%2B49+2": ["B"],
        f"company_id={company}": ["A"],
        f"company_id={company}&phone=%2B49+2": [],
        "contact_type=visitor": [],
        "contact_type=contact": ["A", "B"],
    }.items():
        assert [row["name"] for row in call.ok("GET", f"/contacts?{query}")] == names, query


def test_email_filter_may_know_further_addresses(call, desk):
    call.contact("A", email="a@firma.example", other_emails=["b@firma.example"])
    assert call.ok("GET", "/contacts?email=b@firma.example") == []
    desk.switches(email_filter_others=True)
    assert len(call.ok("GET", "/contacts?email=b@firma.example")) == 1


def test_external_id_filter_is_off_until_switched_on(call, desk):
    call.contact("A", unique_external_id="003A")
    assert call.errors("GET", "/contacts?unique_external_id=003A") == [(400, "unique_external_id", "invalid_field")]
    desk.switches(external_id_filter=True)
    assert [row["name"] for row in call.ok("GET", "/contacts?unique_external_id=003A")] == ["A"]


SINCE = "2026-03-01T00:00:00Z"


@pytest.fixture
def stamped(desk):
    """Put a contact and a company just before, at and after `SINCE`."""
    middle = datetime.fromisoformat(SINCE)
    stamps = [f"{middle + timedelta(seconds=step):%Y-%m-%dT%H:%M:%SZ}" for step in (-1, 0, 1)]
    for name, stamp in zip(("before", "at", "later"), stamps, strict=True):
        row = {"name": name, "created_at": stamps[0], "updated_at": stamp}
        desk.insert("contacts", [{**row, "email": f"{name}@firma.example"}])
        desk.insert("companies", [row])
    return desk


@pytest.mark.parametrize("path", ["/contacts", "/companies"])
@pytest.mark.parametrize(
    ("setting", "plain", "underscored"),
    [
        ("both", 2, 2),
        ("updated_since", 2, 400),
        ("_updated_since", 400, 2),
        ("none", 3, 3),
    ],
)
def test_either_name_of_updated_since_can_be_the_one(call, stamped, path, setting, plain, underscored):
    stamped.switches(updated_since=setting)
    for name, expected in (("updated_since", plain), ("_updated_since", underscored)):
        answer = call("GET", f"{path}?{name}={SINCE}")
        assert (len(answer.json()) if answer.ok else answer.status_code) == expected
        assert answer.ok or answer.json()["errors"][0]["code"] == "invalid_field"


@pytest.mark.parametrize("text", [SINCE, "2026-03-01T01:00:00%2B01:00", "2026-03-01"])
def test_updated_since_takes_any_offset_and_includes_the_second(call, stamped, text):
    assert [row["name"] for row in call.ok("GET", f"/contacts?updated_since={text}")] == ["at", "later"]


def test_updated_since_can_be_exclusive(call, stamped):
    stamped.switches(updated_since_exclusive=True)
    assert [row["name"] for row in call.ok("GET", f"/contacts?updated_since={SINCE}")] == ["later"]


def test_deleted_rows_can_be_asked_for_since(call, desk):
    old = desk.insert("contacts", [{"name": "old", "email": "o@firma.example", "updated_at": "2020-01-01T00:00:00Z"}])
    assert call("DELETE", f"/contacts/{old[0]}").status_code == 204
    assert [row["name"] for row in call.ok("GET", f"/contacts?state=deleted&updated_since={SINCE}")] == ["old"]
    call("PUT", f"/contacts/{old[0]}/restore")
    desk.switches(delete_moves_stamp=False)
    desk.edit("contacts", old[0], {"updated_at": "2020-01-01T00:00:00Z"})
    call("DELETE", f"/contacts/{old[0]}")
    assert call.ok("GET", f"/contacts?state=deleted&updated_since={SINCE}") == []


def test_page_limit_ends_the_links_and_refuses_later_pages(call, desk):
    seed_names(desk, ["A", "B", "C", "D"])
    desk.switches(page_limit=2)
    assert walk(call, "/contacts?per_page=1") == (["A", "B"], 2)
    assert call.errors("GET", "/contacts?per_page=1&page=3") == [(400, "page", "invalid_value")]


def test_filtered_list_follows_every_change(call, desk):
    ids = seed_names(desk, [f"N{number:02d}" for number in range(20)], updated_at="2020-01-01T00:00:00Z")
    assert call.ok("GET", f"/contacts?updated_since={SINCE}") == []
    for number in (7, 3):
        call.ok("PUT", f"/contacts/{ids[number]}", {"job_title": "CEO"})
    assert [row["name"] for row in call.ok("GET", f"/contacts?updated_since={SINCE}")] == ["N03", "N07"]
    call("DELETE", f"/contacts/{ids[3]}")
    assert [row["name"] for row in call.ok("GET", f"/contacts?updated_since={SINCE}")] == ["N07"]
