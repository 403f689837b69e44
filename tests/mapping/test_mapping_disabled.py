"""References to an entity that is switched off are left out; the other rows of the same file stay."""

from folders import HEADER, write

from sync import mapping

SETTINGS = """app: forcemanager
entities:
  account: {enabled: yes}
  contact: {}
"""


def test_rows_that_refer_to_a_disabled_entity_are_left_out(tmp_path):
    tables = {
        "account": f"{HEADER}\nName,name,both,,,,,,,\n",
        "contact": f"{HEADER}\nLastName,lastName,both,,,,,,,\nAccountId,accountId,both,reference:account,,,,,,\n",
    }
    folder = write(tmp_path, SETTINGS, **tables)
    assert list(mapping.load(folder).mappings["contact"].by_name) == ["last_name", "account_id"]
    write(tmp_path, SETTINGS.replace("yes", "no"), **tables)
    assert list(mapping.load(folder).mappings["contact"].by_name) == ["last_name"]
