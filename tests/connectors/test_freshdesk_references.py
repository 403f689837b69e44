"""Ids are text in links and plans; Freshdesk takes the id of a company as a number."""

from connectors.contract import Write


def test_a_contact_is_put_into_a_company_named_by_a_text_id(freshdesk):
    company = freshdesk.client.insert("companies", [{"name": "Nordwerk"}])[0]
    contact = {"name": "Ada", "email": "ada@example.com", "company_id": str(company)}
    results = list(freshdesk.connector.write("contact", [Write("create", None, contact)]))
    assert [result.state for result in results] == ["done"]
    assert [row["company_id"] for row in freshdesk.client.records("contacts")] == [company]


def test_a_contact_is_taken_out_of_its_company(freshdesk):
    company = freshdesk.client.insert("companies", [{"name": "Nordwerk"}])[0]
    contact = freshdesk.client.insert("contacts", [{"name": "Ada", "email": "ada@example.com", "company_id": company}])[0]
    results = list(freshdesk.connector.write("contact", [Write("update", str(contact), {"company_id": None})]))
    assert [result.state for result in results] == ["done"]
    assert [row["company_id"] for row in freshdesk.client.records("contacts")] == [None]
