"""Lemontaps export files: every form that Excel writes, vCards of all versions, lasting ids, bad lines named by file and line."""

import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.connection import Settings
from connectors.contract import UNREADABLE, User, Write
from connectors.errors import AuthError, PermanentError
from connectors.lemontaps_csv import decode
from connectors.opening import build_connector
from sandbox.lemontaps.book import BLANK
from sandbox.lemontaps.files import write_file
from sandbox.running import serve

HEADING = "Vorname;Nachname;Firma;E-Mail geschäftlich;Mobil;Notizen"
ROW = 'Jürgen;Groß;Müller & Söhne;jg@firma.example;+49 199 5550001;"Trägt „Öl“ ein;\nbitte anrufen"'


@pytest.fixture
def folder(tmp_path):
    """An empty folder of export files."""
    return tmp_path


@pytest.fixture
def source(folder):
    return opened(folder)


def opened(folder, **extra):
    """The connector of a connection with a path."""
    return build_connector("lemontaps", Settings(extra={"path": str(folder), **extra}))


def read(source, since=None):
    """Return every contact's raw fields and all bad lines."""
    records = [record for page in source.read_changes("contact", since, []) for record in page.records]
    bad = [words for record in records for words in record.raw.get(UNREADABLE, ())]
    return [record.raw for record in records if UNREADABLE not in record.raw and not record.is_deleted], bad


def put(folder, name, content, encoding="utf-8"):
    path = folder / name
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_all_encodings_of_excel(folder, source, encoding, newline):
    text = f"{HEADING}\n{ROW}\n".replace("„", "").replace("“", "").replace("\n", newline)
    prefix = b"\xff\xfe" if encoding == "utf-16-le" else b""
    put(folder, "contacts.csv", prefix + text.encode(encoding))
    [row], bad = read(source)
    assert (row["first_name"], row["last_name"], row["company"], bad) == ("Jürgen", "Groß", "Müller & Söhne", [])
    assert row["notes"].startswith("Trägt Öl ein;")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("first", ["", "sep=;\n"])
def test_delimiters_and_excels_line_about_them(folder, source, delimiter, first):
    if first and delimiter != ";":
        first = f"sep={delimiter}\n"
    put(folder, "contacts.csv", f"{first}{HEADING}\nA;B;C;a@b.example;1;\n".replace(";", delimiter))
    [row], bad = read(source)
    assert (row["last_name"], row["email_work"], bad) == ("B", "a@b.example", [])


def test_curly_quotes_of_windows_are_not_taken_for_letters():
    text = "Name,Notes\nO’Neill,He said “yes” – twice\n"
    assert decode(text.encode("cp1252")) == text


def test_an_encoding_that_cannot_be_told_is_named_in_the_connection(folder):
    put(folder, "contacts.csv", "First name,Last name\nŁukasz,Żółć\n", "cp1250")
    [row], _ = read(opened(folder, encoding="cp1250"))
    assert (row["first_name"], row["last_name"]) == ("Łukasz", "Żółć")
    _, bad = read(opened(folder, encoding="klingon"))
    assert bad == ["contacts.csv, 'klingon' is no encoding; mend it in the connection's extra field"]


@given(content=st.binary(max_size=300))
def test_no_content_is_too_odd_to_be_told_about(content):
    try:
        text = decode(content)
    except ValueError:
        text = ""
    assert len(text) <= len(content)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("format", ["csv", "vcf"])
def test_what_the_team_exports_is_read_back(folder, source, language, format):
    with serve("lemontaps") as team:
        team.reset("company")
        rows = {row["id"]: row for row in team.records("contacts")}
        layout = {"language": language, "delimiter": ";"} if format == "csv" else {}
        put(folder, f"contacts.{format}", team.action("export_file", format=format, **layout))
    found, bad = read(source)
    assert (len(found), bad) == (len(rows), [])
    names = [
        "first_name",
        "last_name",
        "company",
        "email",
        "email_work",
        "phone_mobile",
        "notes",
        "city",
        "postal_code",
        "met_on",
    ]
    for row in found:
        assert {name: row[name] for name in names} == {name: rows[row["id"]][name] for name in names}
        assert row["met_by.email"] == rows[row["id"]]["met_by"]["email"]
        assert row["gdpr_consent"] == rows[row["id"]]["gdpr_consent"]


@given(notes=st.text(max_size=200), name=st.text(min_size=1, max_size=40))
def test_any_text_survives_a_vcard_and_a_csv(tmp_path_factory, notes, name):
    made = tmp_path_factory.mktemp("files")
    row = {**BLANK, "id": "lt_1", "last_name": name, "notes": notes}
    for format in ("csv", "vcf"):
        text = write_file([row], format)
        put(made, f"contacts.{format}", text.encode("utf-8", "surrogatepass"))
    found, _ = read(opened(made))
    assert len(found) <= 2
    for each in found:
        assert each["id"] == "lt_1"


VCARD_21 = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Gro=C3=9F;J=C3=BCrgen;;Dr.
item1.EMAIL;INTERNET;WORK:jg@firma.example
TEL;CELL:+49 199 5550001
TEL;WORK;FAX:+49 1
NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Ein langer =
Satz, der weitergeht=0Aund endet
PHOTO;ENCODING=BASE64;JPEG:
 /9j/4AAQSkZJRgABAQ==
END:VCARD
"""
VCARD_40 = """BEGIN:VCARD\r
VERSION:4.0\r
FN:Mara van den Berg\r
ORG:Nordwerk GmbH;Einkauf\r
EMAIL;TYPE="home,internet":mara@mail.example\r
TEL;VALUE=uri;TYPE="voice,work":tel:+49-431-5550100\r
ADR;TYPE=work:;;Hafenweg 7;Kiel;;24103;DE\r
NOTE:Wants a quote\\, soon\\;\r
 see\\nnotes\r
END:VCARD\r
"""


def test_vcards_of_all_versions(folder, source):
    put(folder, "cards.vcf", VCARD_21 + VCARD_40)
    [old, new], bad = read(source)
    assert bad == []
    assert (old["name_prefix"], old["first_name"], old["last_name"]) == ("Dr.", "Jürgen", "Groß")
    assert (old["email_work"], old["phone_mobile"], old["phone_work"]) == ("jg@firma.example", "+49 199 5550001", None)
    assert old["notes"] == "Ein langer Satz, der weitergeht\nund endet"
    assert old["images"] == []
    assert (new["first_name"], new["last_name"]) == ("Mara van den", "Berg")
    assert (new["company"], new["department"], new["email"]) == ("Nordwerk GmbH", "Einkauf", "mara@mail.example")
    assert (new["phone_work"], new["address_line_1"], new["city"]) == ("+49-431-5550100", "Hafenweg 7", "Kiel")
    assert (new["postal_code"], new["country"], new["notes"]) == ("24103", "DE", "Wants a quote, soon;see\nnotes")


def test_bad_lines_are_named_and_the_others_are_read(folder, source):
    lines = ["First name,Last name,Email,Phone mobile", "A,One,a@x.example,1", "B,Two,b@x.example,2,3,4", '"C"x,Three,,', ",,,"]
    lines += ["D,Four,d@x.example,4.91995E+11", "E,Five,A@X.example,1", ' , ,"",', "F,Six,f@x.example,"]
    put(folder, "contacts.csv", "\n".join(lines))
    rows, bad = read(source)
    assert [row["last_name"] for row in rows] == ["One", "Six"]
    assert bad == [
        "contacts.csv, line 3: 6 cells, the heading has 4",
        "contacts.csv, line 4: ',' expected after '\"'",
        "contacts.csv, line 6: phone_mobile was shortened by Excel; format the column as text and export again",
        "contacts.csv, line 7: by its id or address this is the contact of line 2, but it differs",
    ]


def test_bad_cards_are_named_and_the_others_are_read(folder, source):
    put(folder, "cards.vcf", "BEGIN:VCARD\nFN:Half\nBEGIN:VCARD\nFN:Mara Lind\nnonsense\nEND:VCARD\nBEGIN:VCARD\nFN:Open")
    rows, bad = read(source)
    assert [row["last_name"] for row in rows] == ["Lind"]
    assert bad == [
        "cards.vcf, line 1: this card has no END",
        "cards.vcf, line 5: no vCard line",
        "cards.vcf, line 7: this card has no END",
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("other.csv", "Product,Price\nHammer,3\n", "no column for a name or an e-mail address"),
        ("empty.csv", "", "no column for a name"),
        ("table.xlsx", b"PK\x03\x04", "workbooks are not read"),
        ("picture.csv", b"\x89PNG\x00\x00\x01", "no text file"),
        ("notes.vcf", "hello", "no vCard"),
        ("open.csv", 'Last name\n"Lind\n', "unexpected end of data"),
    ],
)
def test_files_that_are_none_are_named(folder, source, name, content, words):
    put(folder, name, content)
    rows, [bad] = read(source)
    assert rows == []
    assert bad.startswith(f"{name}, ")
    assert words in bad


def test_what_is_not_an_export_is_left_alone(folder, source):
    for name in (".hidden.csv", "~lock.csv", "half.csv.part", "readme.md"):
        put(folder, name, "Last name\nLind\n")
    (folder / "folder.csv").mkdir()
    assert read(source) == ([], [])


def test_ids_last_over_files_and_spellings(folder, source):
    put(folder, "a.csv", "Contact ID,Last name,Email\nlt_1,Lind,m@x.example\n,Roth,ADA@x.example\n,Only Name,\n")
    put(folder, "b.csv", "E-Mail;Nachname;Firma\nada@X.example;Roth;Nordwerk\n;only  name;\n")
    rows, bad = read(source)
    ids = [row["id"] for row in rows]
    assert ids[0] == "lt_1"
    assert (ids[1], ids[2]) == (ids[3], ids[4])
    assert len(set(ids)) == 3
    assert not any("x.example" in id for id in ids)
    assert bad == []
    [newest] = [r for page in source.find("contact", "email", ["ada@x.example"], []) for r in page.records]
    assert newest.raw["company"] == "Nordwerk"
    assert [r.id for page in source.read("contact", [ids[1], "gone"], []) for r in page.records] == [ids[1]]


def test_a_file_is_read_when_it_comes_or_changes(folder, source):
    path = put(folder, "contacts.csv", "Last name\nLind\n")
    [first] = [page.server_time for page in source.read_changes("contact", None, []) if not page.records]
    assert read(source, first + timedelta(seconds=5)) == ([], [])
    later = (datetime.now(UTC) + timedelta(seconds=60)).timestamp()
    os.utime(path, (later, later))
    assert [row["last_name"] for row in read(source, first + timedelta(seconds=30))[0]] == ["Lind"]


def test_an_old_file_that_is_moved_into_the_folder_is_new(folder, source, tmp_path_factory):
    elsewhere = put(tmp_path_factory.mktemp("downloads"), "contacts.csv", "Last name\nLind\n")
    os.utime(elsewhere, (1_000_000_000, 1_000_000_000))
    time.sleep(0.02)
    before = datetime.now(UTC)
    time.sleep(0.02)
    elsewhere.rename(folder / "contacts.csv")
    assert [row["last_name"] for row in read(source, before)[0]] == ["Lind"]


def test_a_mended_file_takes_its_bad_lines_back(folder, source):
    path = put(folder, "contacts.csv", "Last name\nLind,x\n")
    before = datetime(2026, 1, 1, tzinfo=UTC)
    assert read(source, before)[1]
    path.write_text("Last name\nLind\n")
    [verdict] = [r for page in source.read_changes("contact", before, []) for r in page.records if r.id == "contacts.csv"]
    assert verdict.is_deleted


@pytest.mark.parametrize(
    ("dates", "cell", "day"),
    [
        ("", "31.03.2026", "2026-03-31"),
        ("", "2026-03-31", "2026-03-31"),
        ("mdy", "3/31/2026", "2026-03-31"),
        ("dmy", "31/3/2026", "2026-03-31"),
        ("", "3/4/2026", "3/4/2026"),
        ("mdy", "31/3/2026", "31/3/2026"),
        ("", "", None),
    ],
)
def test_days(folder, dates, cell, day):
    put(folder, "contacts.csv", f"Last name,Met on\nLind,{cell}\n")
    [row], _ = read(opened(folder, dates=dates))
    assert row["met_on"] == day


@pytest.mark.parametrize(
    ("cell", "flag"), [("ja", True), ("Yes", True), ("nein", False), ("0", False), ("", None), ("soso", None)]
)
def test_consent(folder, source, cell, flag):
    put(folder, "contacts.csv", f"Last name,DSGVO\nLind,{cell}\n")
    assert read(source)[0][0]["gdpr_consent"] is flag


def test_unknown_columns_are_told(folder, source, caplog):
    put(folder, "contacts.csv", "Last name,Shoe size\nLind,43\n")
    read(source)
    assert "Shoe size" in caplog.text
    assert "Lind" not in caplog.text


def test_users_are_those_who_met_somebody(folder, source):
    put(folder, "contacts.csv", "Last name,Met by\nA,ada@nordwerk.example\nB,Ada Roth\nC,\n")
    assert source.users() == [User("Ada Roth", "", "Ada Roth"), User("ada@nordwerk.example", "ada@nordwerk.example", "")]


def test_nothing_can_be_written(source):
    results = list(source.write("contact", [Write("create", None, {}), Write("update", "x", {})]))
    assert [(result.state, result.code) for result in results] == [("failed", "not_possible")] * 2
    with pytest.raises(PermanentError):
        source.create_field("contact", "colour", "Colour")


def test_a_folder_that_is_not_there_is_told(folder):
    with pytest.raises(AuthError, match="check path"):
        opened(folder / "nowhere").ping()
    account = opened(folder, team="nordwerk").ping()
    assert account.id == opened(folder, team="nordwerk").account_id() == "nordwerk"
