"""What the records of an account are made of and change rarely: custom fields, tags, lists, stages. Asked once, when needed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import RLock

from connectors.abreast import one_at_a_time
from connectors.activecampaign_calls import ActiveCampaignCalls, Row, accepted, read
from connectors.activecampaign_fields import CustomFields, contact_fields, deal_fields
from connectors.activecampaign_shapes import ANSWERS, single
from connectors.errors import PermanentError


@dataclass(slots=True)
class Parts:
    """The vocabulary of one account as this connector has seen it."""

    calls: ActiveCampaignCalls
    _contact_fields: CustomFields | None = None
    _deal_fields: CustomFields | None = None
    _tags: dict[str, str] = field(default_factory=dict)  # id → name
    _lists: dict[str, str] = field(default_factory=dict)  # id → string id
    _list_names: dict[str, str] = field(default_factory=dict)  # name or string id → id
    _stages: list[Row] = field(default_factory=list)
    _accounts: dict[str, str] = field(default_factory=dict)  # id → name
    lock: RLock = field(default_factory=RLock, repr=False)

    def forget_fields(self) -> None:
        """Ask for the custom fields again the next time."""
        self._contact_fields = self._deal_fields = None

    @one_at_a_time
    def contact_fields(self) -> CustomFields:
        """Return the custom fields of contacts."""
        if self._contact_fields is None:
            rows: list[Row] = []
            options: list[Row] = []
            for response in self.calls.pages("fields"):
                body = read(response, "fields")
                rows += body["fields"]
                options += body.get("fieldOptions") or []
            self._contact_fields = contact_fields(rows, options)
        return self._contact_fields

    @one_at_a_time
    def deal_fields(self) -> CustomFields:
        """Return the custom fields of deals."""
        if self._deal_fields is None:
            self._deal_fields = deal_fields(self.calls.rows("dealCustomFieldMeta"))
        return self._deal_fields

    @one_at_a_time
    def note_tags(self, rows: Iterable[Row]) -> None:
        """Learn the names of tags that an answer brought along."""
        self._tags |= {str(row["id"]): str(row["tag"]) for row in rows}

    @one_at_a_time
    def tag_name(self, id: str) -> str:
        """Return the name of a tag, its id where there is none."""
        if id not in self._tags:
            self.note_tags(self.calls.rows("tags"))
        return self._tags.setdefault(id, id)

    @one_at_a_time
    def tag_id(self, name: str) -> str:
        """Return the id of a tag, which is made if need be; names compare without regard to case. Raises RefusedError."""
        found = self._tag_known(name)
        if found is None:
            self.note_tags(self.calls.rows("tags", [("search", name)]))
            found = self._tag_known(name)
        return found or self._make_tag(name)

    @one_at_a_time
    def find_tag(self, name: str) -> str | None:
        """Return the id of a tag, None where there is none."""
        if self._tag_known(name) is None:
            self.note_tags(self.calls.rows("tags", [("search", name)]))
        return self._tag_known(name)

    @one_at_a_time
    def lists(self) -> dict[str, str]:
        """Return the string ids of the lists by id."""
        if not self._lists:
            for row in self.calls.rows("lists"):
                self._lists[str(row["id"])] = str(row["stringid"])
                self._list_names |= {str(row["stringid"]).casefold(): str(row["id"])}
                self._list_names.setdefault(str(row["name"]).casefold(), str(row["id"]))
        return self._lists

    @one_at_a_time
    def list_id(self, name: str) -> str:
        """Return the id of a list by its name or string id. Raises PermanentError where there is none."""
        lists = self.lists()
        found = self._list_names.get(name.casefold())
        if found is None:
            raise PermanentError(f"ActiveCampaign has no list {name!r}: there are {', '.join(sorted(lists.values()))}.")
        return found

    @one_at_a_time
    def note_accounts(self, rows: Iterable[Row]) -> None:
        """Learn the names of accounts that an answer brought along."""
        self._accounts |= {str(row["id"]): str(row["name"]) for row in rows}

    @one_at_a_time
    def account_name(self, id: str) -> str | None:
        """Return the name of an account, None where there is none."""
        if id not in self._accounts:
            response = self.calls.view(f"accounts/{id}")
            self.note_accounts([ANSWERS.read(response, single("account"))["account"]] if response.ok else ())
        return self._accounts.get(id)

    @one_at_a_time
    def account_id(self, name: str) -> str:
        """Return the id of an account by its name, which is unique; it is made if need be. Raises RefusedError."""
        found = self._account_known(name)
        if found is None:
            self.note_accounts(self.calls.rows("accounts", [("search", name)]))
            found = self._account_known(name)
        if found is None:
            response = self.calls.send("POST", "accounts", "write", is_safe=True, json={"account": {"name": name}})
            row = ANSWERS.written(accepted(response), single("account"))["account"]
            self.note_accounts([row])
            found = str(row["id"])
        return found

    @one_at_a_time
    def stages(self) -> list[Row]:
        """Return the stages of all pipelines."""
        if not self._stages:
            self._stages = sorted(self.calls.rows("dealStages"), key=lambda row: (int(row["group"]), int(row["order"] or 0)))
        return self._stages

    def stage_id(self, title: str, group: str = "") -> str | None:
        """Return the id of a stage by its title, in one pipeline or the first that has it."""
        matching = (row for row in self.stages() if str(row["title"]).casefold() == title.casefold())
        return next((str(row["id"]) for row in matching if group in ("", str(row["group"]))), None)

    def stage_title(self, id: str) -> str | None:
        """Return the title of a stage."""
        return next((str(row["title"]) for row in self.stages() if str(row["id"]) == id), None)

    def _tag_known(self, name: str) -> str | None:
        return next((id for id, known in self._tags.items() if known.casefold() == name.casefold()), None)

    def _account_known(self, name: str) -> str | None:
        word = name.strip().casefold()
        return next((id for id, known in self._accounts.items() if known.strip().casefold() == word), None)

    def _make_tag(self, name: str) -> str:
        body = {"tag": {"tag": name, "tagType": "contact", "description": "Kept by Lockstep"}}
        response = self.calls.send("POST", "tags", "write", is_safe=True, json=body)
        if response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:  # somebody made it meanwhile
            self.note_tags(self.calls.rows("tags"))
            found = self._tag_known(name)
            if found is not None:
                return found
        row = ANSWERS.written(accepted(response), single("tag"))["tag"]
        self.note_tags([row])
        return str(row["id"])
