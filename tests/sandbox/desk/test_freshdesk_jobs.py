"""Export and import jobs."""

import csv
import io

import pytest
import requests

WANTED = {"fields": {"default_fields": ["name", "email", "company_name", "tag_names"], "custom_fields": ["region"]}}


def test_export_of_contacts(call, desk):
    company = call.company()["id"]
    call.contact("Zoë, Müller", email="z@firma.example", company_id=company, tags=["a", "b"], custom_fields={"region": "North"})
    call("DELETE", f"/contacts/{call.contact('Gone')['id']}")
    number = call.ok("POST", "/contacts/export", WANTED)["id"]
    job = call.ok("GET", f"/contacts/export/{number}")
    assert (len(number), job["status"]) == (40, "completed")
    text = requests.get(job["download_url"], timeout=10)
    assert list(csv.reader(io.StringIO(text.content.decode()))) == [
        ["name", "email", "company_name", "tag_names", "region"],
        ["Zoë, Müller", "z@firma.example", "Nordwerk GmbH", "a,b", "North"],
    ]
    desk.clock(301)
    assert requests.get(job["download_url"], timeout=10).status_code == 403
    assert requests.get(call.ok("GET", f"/contacts/export/{number}")["download_url"], timeout=10).ok


def test_one_export_at_a_time(call, desk):
    desk.switches(job_seconds=60)
    number = call.ok("POST", "/companies/export", {"fields": {"default_fields": ["name"]}})["id"]
    assert call.ok("GET", f"/companies/export/{number}") == {"id": number, "status": "in_progress"}
    assert call("POST", "/companies/export", {"fields": {"default_fields": ["name"]}}).status_code == 409
    desk.clock(60)
    assert call.ok("POST", f"/companies/export/{number}", {})["status"] == "completed"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ("fields", "missing_field")),
        ({"fields": {"default_fields": ["id"]}}, ("default_fields", "invalid_field")),
        ({"fields": {"custom_fields": ["nonsense"]}}, ("custom_fields", "invalid_field")),
    ],
)
def test_export_wants_known_fields(call, body, problem):
    assert call.errors("POST", "/contacts/export", body) == [(400, *problem)]


def upload(call, text, **places):
    fields = {f"fields[{name}]": str(place) for name, place in places.items()}
    return call("POST", "/contacts/imports", data=fields, files={"file": ("x.csv", text.encode(), "text/csv")})


def test_import_creates_updates_and_counts_what_it_refused(call):
    call.contact("Old name", email="a@firma.example")
    text = "\ufeffMail,Name,Region\na@firma.example,New name,South\nb@firma.example,Łukasz,\n,Nobody,\n"
    answer = upload(call, text, email=0, name=1, region=2)
    assert answer.status_code == 201
    job = call.ok("GET", f"/contacts/imports/{answer.json()['id']}")
    assert (job["status"], job["total_records"], job["completed_records"]) == ("completed", 3, 2)
    assert job["failures"]["count"] == 1
    assert [(row["name"], row["custom_fields"]["region"]) for row in call.ok("GET", "/contacts")] == [
        ("New name", "South"),
        ("Łukasz", None),
    ]


def test_imports_take_time_and_can_be_cancelled(call, desk):
    desk.switches(job_seconds=60)
    number = upload(call, "Name,Phone\nA,1\n", name=0, phone=1).json()["id"]
    assert call.ok("GET", "/contacts/imports?status=in_progress")[0]["id"] == number
    assert call.ok("PUT", f"/contacts/imports/{number}/cancel", {})["status"] == "cancelled"
    assert call.ok("GET", "/contacts/imports?status=in_progress") == []


def test_import_wants_a_file_and_the_name(call):
    assert call("POST", "/contacts/imports", {}).status_code == 415
    assert upload(call, "Phone\n1\n", phone=0).json()["errors"][0]["field"] == "fields"


def test_five_newest_imports_are_listed(call):
    numbers = [upload(call, "Name,Phone\n", name=0, phone=1).json()["id"] for _ in range(6)]
    assert [job["id"] for job in call.ok("GET", "/contacts/imports")] == numbers[:0:-1]
