"""SOQL of the Salesforce sandbox: conditions, order, pages, refusals."""

import pytest
import requests
from salesforce_rest import DATA, error_of

ACME, BOLT = "0015g0000000901AAA", "0015g0000000902AAA"


@pytest.fixture
def people(org):
    org.insert("Account", [{"Id": ACME, "Name": "Acme"}, {"Id": BOLT, "Name": "Bolt GmbH", "Industry": "Energy"}])
    return org.insert(
        "Contact",
        [
            {"LastName": "Ärger", "FirstName": "Änne", "Email": "Anne@Acme.example", "AccountId": ACME, "Score__c": 3.5,
             "Birthdate": "1990-05-01", "SystemModstamp": "2026-11-01T10:00:00.000+0000", "Interests__c": "Pumps;Valves"},
            {"LastName": "O'Hara", "Email": "o_hara@bolt.example", "AccountId": BOLT, "Is_Vip__c": True, "Score__c": 10.0,
             "SystemModstamp": "2026-11-02T10:00:00.000+0000", "Interests__c": "Service"},
            {"LastName": "zander", "FirstName": "Back\\slash", "SystemModstamp": "2026-11-03T10:00:00.000+0000",
             "MailingCity": "Kiel", "MailingCountry": "Germany"},
        ],
    )  # fmt: skip


def last_names(rest, where):
    return [row["LastName"] for row in rest.rows(f"SELECT LastName FROM Contact WHERE {where} ORDER BY SystemModstamp")]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Email = 'anne@ACME.example'", ["Ärger"]),
        ("Email != null", ["Ärger", "O'Hara"]),
        ("Email = null", ["zander"]),
        ("Email != 'anne@acme.example'", ["O'Hara", "zander"]),
        ("LastName = 'O\\'Hara'", ["O'Hara"]),
        ("FirstName = 'Back\\\\slash'", ["zander"]),
        ("LastName = '\\u00c4rger'", ["Ärger"]),
        ("Email LIKE '%BOLT%'", ["O'Hara"]),
        ("Email LIKE 'o\\_hara%'", ["O'Hara"]),
        ("Email LIKE '_nne@acme.example'", ["Ärger"]),
        ("NOT Email LIKE '%bolt%'", ["Ärger", "zander"]),
        ("LastName IN ('ärger', 'ZANDER')", ["Ärger", "zander"]),
        ("Email NOT IN ('anne@acme.example')", ["O'Hara", "zander"]),
        ("Email IN ('anne@acme.example', 'nobody@x.example')", ["Ärger"]),
        ("SystemModstamp >= 2026-11-02T10:00:00Z", ["O'Hara", "zander"]),
        ("SystemModstamp > 2026-11-02T11:00:00+01:00", ["zander"]),
        ("SystemModstamp < 2026-11-02T10:00:00.500Z", ["Ärger"]),
        ("Birthdate = 1990-05-01", ["Ärger"]),
        ("Birthdate < 1990-05-01", []),
        ("Is_Vip__c = true", ["O'Hara"]),
        ("Is_Vip__c = FALSE", ["Ärger", "zander"]),
        ("Score__c > 3.5", ["O'Hara"]),
        ("Score__c >= 3.5 AND Score__c <= 10", ["Ärger", "O'Hara"]),
        ("Account.Name = 'acme'", ["Ärger"]),
        ("Account.Industry = 'Energy' OR MailingCity = 'kiel'", ["O'Hara", "zander"]),
        ("(Account.Name = 'acme' OR Account.Name = 'Bolt GmbH') AND NOT (Is_Vip__c = true)", ["Ärger"]),
        ("AccountId = '0015g0000000901'", ["Ärger"]),
        ("AccountId IN ('0015g0000000901AAA', '0015g0000000902AAA') AND Is_Vip__c = true", ["O'Hara"]),
        ("AccountId IN (SELECT Id FROM Account WHERE Industry = 'Energy')", ["O'Hara"]),
        ("Id NOT IN (SELECT WhoId FROM Task)", ["Ärger", "O'Hara", "zander"]),
        ("Interests__c INCLUDES ('Valves;Pumps', 'Service')", ["Ärger", "O'Hara"]),
        ("Interests__c EXCLUDES ('Service')", ["Ärger", "zander"]),
        ("Owner.Username LIKE '%nordwerk.example'", ["Ärger", "O'Hara", "zander"]),
        ("CreatedDate = TODAY", []),
        ("Contact.LastName = 'zander'", ["zander"]),
        ("LastName > 'o'", ["Ärger", "zander", "O'Hara"]),
    ],
)
def test_conditions(rest, people, where, found):
    assert sorted(last_names(rest, where)) == sorted(found)


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ("LAST_N_DAYS:40", 1),
        ("THIS_YEAR", 1),
        ("TODAY", 1),
        ("YESTERDAY", 0),
        ("LAST_MONTH", 0),
        ("NEXT_WEEK", 0),
        ("LAST_YEAR", 0),
    ],
)
def test_named_spans(rest, org, span, found):
    rest.create("Contact", LastName="New")
    assert rest.query(f"SELECT count() FROM Contact WHERE CreatedDate = {span}")["totalSize"] == found
    assert rest.query(f"SELECT count() FROM Contact WHERE CreatedDate != {span}")["totalSize"] == 1 - found


def test_order_and_nulls(rest, people):
    def order(by):
        return [row["LastName"] for row in rest.rows(f"SELECT LastName FROM Contact ORDER BY {by}")]

    assert order("Email") == ["zander", "Ärger", "O'Hara"]
    assert order("Email DESC NULLS LAST") == ["O'Hara", "Ärger", "zander"]
    assert order("Account.Name NULLS LAST, LastName") == ["Ärger", "O'Hara", "zander"]
    assert order("LastName LIMIT 1 OFFSET 1") == ["zander"]


def test_rows_have_attributes_parents_and_nulls(rest, people):
    row = rest.rows("SELECT Id, Email, Account.Name, Account.Owner.Name, MailingAddress FROM Contact WHERE LastName = 'zander'")[
        0
    ]
    assert row == {
        "attributes": {"type": "Contact", "url": f"{DATA}/sobjects/Contact/{people[2]}"},
        "Id": people[2],
        "Email": None,
        "MailingAddress": {"street": None, "city": "Kiel", "state": None, "postalCode": None, "country": "Germany",
                           "latitude": None, "longitude": None, "geocodeAccuracy": None},
        "Account": None,
    }  # fmt: skip
    parent = rest.rows("SELECT account.name, Account.Owner.Name FROM contact WHERE LastName = 'Ärger'")[0]["Account"]
    assert parent["attributes"]["type"] == "Account"
    assert [parent["Name"], parent["Owner"]["Name"]] == ["Acme", "Ingrid Hansen"]


def test_children_of_a_record(rest, people):
    rows = rest.rows("SELECT Name, (SELECT LastName FROM Contacts WHERE Email != null) FROM Account ORDER BY Name")
    assert rows[0]["Contacts"]["totalSize"] == 1
    assert rows[0]["Contacts"]["records"][0]["LastName"] == "Ärger"
    assert rest.rows("SELECT (SELECT Id FROM Opportunities) FROM Account")[0]["Opportunities"] is None


def test_a_mixed_reference_tells_its_type(rest, people):
    rest.create("Task", Subject="Call", WhoId=people[0])
    row = rest.rows("SELECT Who.Type, Who.Name, What.Name FROM Task")[0]
    assert [row["Who"]["Type"], row["Who"]["Name"], row["What"]] == ["Contact", "Änne Ärger", None]


def test_counts_and_aggregates(rest, people):
    assert rest.query("SELECT count() FROM Contact") == {"totalSize": 3, "done": True, "records": []}
    rows = rest.rows(
        "SELECT Account.Name, COUNT(Id), MAX(Score__c) top FROM Contact WHERE AccountId != null GROUP BY Account.Name"
    )
    assert rows[0] == {"attributes": {"type": "AggregateResult"}, "Name": "Acme", "expr0": 1, "top": 3.5}
    assert rest.rows("SELECT MIN(SystemModstamp) FROM Contact")[0]["expr0"] == "2026-11-01T10:00:00.000+0000"


def test_fields_function(rest, people):
    assert "FDCONTACTID__c" in rest.rows("SELECT FIELDS(ALL) FROM Contact LIMIT 1")[0]
    assert "LastName" not in rest.rows("SELECT FIELDS(CUSTOM) FROM Contact LIMIT 200")[0]
    assert error_of(rest.get("/query", params={"q": "SELECT FIELDS(ALL) FROM Contact"})) == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT Foo__c FROM Contact", "INVALID_FIELD", "No such column 'Foo__c' on entity 'Contact'"),
        ("SELECT Id FROM Contact WHERE Foo = 1", "INVALID_FIELD", "ERROR at Row:1:Column:30"),
        ("SELECT Foo__r.Name FROM Contact", "INVALID_FIELD", "Didn't understand relationship 'Foo__r'"),
        ("SELECT Id FROM Foo__c", "INVALID_TYPE", "sObject type 'Foo__c' is not supported"),
        ("SELECT Id FROM CustomField", "INVALID_TYPE", "not supported"),
        ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Contact WHERE LastName = 'x\\q'", "MALFORMED_QUERY", "Illegal character sequence"),
        ("SELECT Id FROM Contact WHERE LastName = \"x\"", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Contact WHERE A = 1 OR B = 2 AND C = 3", "MALFORMED_QUERY", "unexpected token: 'AND'"),
        ("SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01T00:00:00Z'", "INVALID_FIELD", "not be enclosed in quotes"),
        ("SELECT Id FROM Contact WHERE SystemModstamp > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Contact WHERE Birthdate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date"),
        ("SELECT Id FROM Contact WHERE Email = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Contact WHERE Id LIKE '003%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Contact WHERE AccountId = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field"),
        ("SELECT Id FROM Contact WHERE SystemModstamp > 2026-13-01T00:00:00Z", "MALFORMED_QUERY", "Invalid datetime"),
        ("SELECT Id FROM Contact LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT LastName, COUNT(Id) FROM Contact", "MALFORMED_QUERY", "grouped or aggregated"),
        (f"SELECT Id FROM Contact WHERE LastName = '{'x' * 4001}'", "MALFORMED_QUERY", "maximum length"),
        ("UPDATE Contact", "MALFORMED_QUERY", "unexpected token: 'UPDATE'"),
    ],
)  # fmt: skip
def test_refused_queries(rest, soql, code, words):
    answer = rest.get("/query", params={"q": soql})
    assert error_of(answer) == (400, code)
    assert words in answer.json()[0]["message"]


def test_pages_and_batch_size(org, rest):
    org.insert("Contact", [{"LastName": str(number)} for number in range(2500)])
    first = rest.query("SELECT Id FROM Contact")
    assert [first["totalSize"], first["done"], len(first["records"])] == [2500, False, 2000]
    second = rest.get(first["nextRecordsUrl"]).json()
    assert [second["done"], len(second["records"]), second.get("nextRecordsUrl")] == [True, 500, None]
    options = {"Sforce-Query-Options": "batchSize=500"}
    small = rest.get("/query", params={"q": "SELECT Id FROM Contact"}, headers=options).json()
    assert len(small["records"]) == 500
    assert len(rest.get(small["nextRecordsUrl"]).json()["records"]) == 500


def test_a_cursor_ends_by_idleness_or_by_too_many_others(org, rest):
    org.insert("Contact", [{"LastName": str(number)} for number in range(210)])
    options = {"Sforce-Query-Options": "batchSize=1"}

    def open_cursor():
        return rest.get("/query", params={"q": "SELECT Id FROM Contact"}, headers=options).json()["nextRecordsUrl"]

    oldest = open_cursor()
    for _ in range(9):
        newest = open_cursor()
    assert rest.get(oldest).status_code == 200
    open_cursor()
    assert error_of(rest.get(oldest)) == (400, "INVALID_QUERY_LOCATOR")
    org.clock(1000)
    assert error_of(rest.get(newest)) == (400, "INVALID_QUERY_LOCATOR")
    assert error_of(rest.get("/query/nonsense")) == (400, "INVALID_QUERY_LOCATOR")


def test_query_all_shows_the_recycle_bin_and_keeps_doing_so_on_further_pages(org, rest):
    ids = org.insert("Contact", [{"LastName": str(number)} for number in range(300)])
    for contact in ids[-150:]:
        org.delete("Contact", contact)
    assert rest.query("SELECT Id FROM Contact")["totalSize"] == 150
    first = rest.get(
        "/queryAll", params={"q": "SELECT Id, IsDeleted FROM Contact"}, headers={"Sforce-Query-Options": "batchSize=200"}
    )
    assert first.json()["nextRecordsUrl"].startswith(f"{DATA}/query/")
    assert all(row["IsDeleted"] for row in rest.get(first.json()["nextRecordsUrl"]).json()["records"])
    assert len(rest.rows("SELECT Id FROM Contact WHERE IsDeleted = true ALL ROWS")) == 150


def test_deleted_rows_leave_query_all_after_fifteen_days(org, rest):
    contact = rest.create("Contact", LastName="Gone")
    rest.delete(f"/sobjects/Contact/{contact}")
    assert rest.query("SELECT count() FROM Contact", "queryAll")["totalSize"] == 1
    org.clock(16 * 86400)
    rest.session.headers["Authorization"] = f"Bearer {org.action('issue_token')}"
    assert rest.query("SELECT count() FROM Contact", "queryAll")["totalSize"] == 0


def test_a_long_address_gets_html(rest):
    names = ",".join(f"'{number:018}'" for number in range(900))
    answer = rest.get("/query", params={"q": f"SELECT Id FROM Contact WHERE LastName IN ({names})"})
    assert [answer.status_code, answer.headers["content-type"]] == [414, "text/html"]


def test_case_sensitive_fields_compare_exactly(org, rest):
    words = {"label": "Code", "type": "Text", "length": 20, "unique": True, "externalId": True, "caseSensitive": True}
    org.action("add_field", full_name="Contact.Code__c", metadata=words)
    rest.create("Contact", LastName="A", Code__c="abc")
    rest.create("Contact", LastName="B", Code__c="ABC")
    assert [row["LastName"] for row in rest.rows("SELECT LastName FROM Contact WHERE Code__c = 'ABC'")] == ["B"]


def test_many_contacts_page_to_the_end(org, rest):
    org.reset(contacts=20_000, accounts=100)
    seen = 0
    page = rest.query("SELECT Id, Email FROM Contact WHERE SystemModstamp >= 2025-01-01T00:00:00Z ORDER BY SystemModstamp")
    while True:
        seen += len(page["records"])
        if page["done"]:
            break
        page = rest.get(page["nextRecordsUrl"]).json()
    assert seen == page["totalSize"] > 5000


def test_posted_forms_are_no_query(rest):
    assert error_of(rest.post("/query", {})) == (405, "METHOD_NOT_ALLOWED")
    assert error_of(rest.get("/query")) == (400, "MALFORMED_QUERY")
    assert requests.get(rest.url + "/services/other", timeout=5).status_code == 404
