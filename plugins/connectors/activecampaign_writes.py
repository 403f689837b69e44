"""Writes of ActiveCampaign contacts: one call for the contact, further ones for tags, list status and account.

A create is a sync by e-mail address: repeating it makes no second contact. All that follows can be repeated too, so an update
that is broken off in its middle counts as not sent; of a create nobody knows then how much has arrived, it is looked up and
completed. Nobody who left a list is put on it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from connectors.activecampaign_calls import ActiveCampaignCalls, Problem, RefusedError, Row, accepted, problem_of, read
from connectors.activecampaign_contacts import SUBSCRIBED, UNSUBSCRIBED, is_gone, is_opted_out
from connectors.activecampaign_fields import LIST_PREFIX, OPTED_OUT, PREFIX, sent
from connectors.activecampaign_parts import Parts
from connectors.activecampaign_shapes import ANSWERS, made
from connectors.contract import Result, Write
from connectors.errors import SyncError, TransientError
from connectors.flat import to_json
from connectors.session import LostAnswerError

TAG_WORDS = ("tags", "tags_add", "tags_remove")
LEFT = (UNSUBSCRIBED, "3")  # unsubscribed, bounced
WORDS = {"active": SUBSCRIBED, "unsubscribed": UNSUBSCRIBED}


@dataclass(slots=True)
class _Parcel:
    """The fields of one write, by the calls that carry them."""

    contact: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, Sequence[str]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)  # string id of a list → word
    opts_out: bool | None = None
    account: dict[str, str | None] = field(default_factory=dict)
    is_new: bool = False


@dataclass(slots=True)
class ContactWriter:
    """Sends contacts."""

    calls: ActiveCampaignCalls
    parts: Parts

    def write(self, write: Write, list_id: str = "") -> Result:
        """Send one write; `list_id` is the list that a new contact is put on. Raises LostAnswerError for the contact itself."""
        if write.operation == "delete":
            return self._delete(write)
        try:
            parcel = self._packed(write.fields)
            if write.operation == "create":
                return Result("done", self._create_whole(parcel, list_id))
            self._follow(self._update(str(write.id), parcel), parcel, "")
        except RefusedError as refused:
            return Result("failed", write.id, code=refused.problem.code, message=refused.problem.message)
        return Result("done", write.id)

    def _create_whole(self, parcel: _Parcel, list_id: str) -> str:
        id = self._create(parcel)
        try:
            self._follow(id, parcel, list_id)
        except SyncError as error:
            raise LostAnswerError(f"Contact {id} is made, and not all of it has arrived: {error}") from error
        return id

    def _packed(self, fields: Mapping[str, Any]) -> _Parcel:
        parcel, values = _Parcel(), []
        for name, value in fields.items():
            if name in TAG_WORDS:
                parcel.tags[name] = [str(each) for each in value or ()]
            elif name.startswith(LIST_PREFIX):
                parcel.statuses[name.removeprefix(LIST_PREFIX)] = str(value or "")
            elif name == OPTED_OUT:
                parcel.opts_out = bool(value)
            elif name in ("account", "account_name"):
                parcel.account[name] = str(value) if value else None
            elif name.startswith(PREFIX):
                values.append({"field": self._field_id(name), "value": sent(value)})
            else:
                parcel.contact[name] = "" if value is None else to_json(value)
        parcel.contact |= {"fieldValues": values} if values else {}
        return parcel

    def _field_id(self, name: str) -> str:
        found = self.parts.contact_fields().named(name)
        if found is None:
            raise RefusedError(Problem("no_field", f"ActiveCampaign has no contact field {name}"))
        return found.id

    def _create(self, parcel: _Parcel) -> str:
        response = self.calls.send("POST", "contact/sync", "write", is_safe=True, json={"contact": parcel.contact})
        id = str(ANSWERS.written(accepted(response), made("contact"))["contact"]["id"])
        parcel.is_new = response.status_code == HTTPStatus.CREATED
        if parcel.is_new and not parcel.opts_out:
            parcel.opts_out = None  # nobody new has left a list
        return id

    def _update(self, id: str, parcel: _Parcel) -> str:
        if parcel.contact:
            accepted(self.calls.send("PUT", f"contacts/{id}", "write", json={"contact": parcel.contact}))
        return id

    def _delete(self, write: Write) -> Result:
        response = self.calls.send("DELETE", f"contacts/{write.id}", "write")
        if response.ok or is_gone(response):
            return Result("done", write.id)
        problem = problem_of(response)
        return Result("failed", write.id, code=problem.code, message=problem.message)

    def _follow(self, id: str, parcel: _Parcel, list_id: str) -> None:
        """Send what hangs on the contact. A lost answer here is no reason to look: the whole write may be repeated."""
        try:
            self._set_tags(id, parcel.tags)
            self._set_lists(id, parcel, list_id)
            if parcel.account:
                self._set_account(id, self._account_of(parcel.account), parcel.is_new)
        except LostAnswerError as error:
            raise TransientError(str(error)) from None

    # -- tags

    def _set_tags(self, id: str, tags: Mapping[str, Sequence[str]]) -> None:
        has = self._tags_of(id) if "tags" in tags or tags.get("tags_remove") else {}
        wanted = {name.casefold(): name for name in (*tags.get("tags", ()), *tags.get("tags_add", ()))}
        unwanted = {name.casefold() for name in tags.get("tags_remove", ())}
        if "tags" in tags:
            unwanted |= has.keys() - wanted.keys()
        for word, name in wanted.items():
            if word not in has:
                self._add_tag(id, self.parts.tag_id(name))
        for word in sorted(unwanted & has.keys()):
            response = self.calls.send("DELETE", f"contactTags/{has[word]}", "write")
            if not is_gone(response):
                accepted(response)

    def _tags_of(self, id: str) -> dict[str, str]:
        """Return the ids of a contact's taggings by the tag's name in small letters."""
        rows = self._related(id, "contactTags")
        return {self.parts.tag_name(str(row["tag"])).casefold(): str(row["id"]) for row in rows}

    def _add_tag(self, id: str, tag: str) -> None:
        body = {"contactTag": {"contact": id, "tag": tag}}
        response = self.calls.send("POST", "contactTags", "write", is_safe=True, json=body)
        if not (response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY and problem_of(response).code == "duplicate"):
            accepted(response)

    # -- lists

    def _set_lists(self, id: str, parcel: _Parcel, list_id: str) -> None:
        if not (parcel.statuses or list_id or parcel.opts_out is not None):
            return
        rows = self._related(id, "contactLists")
        has = {str(row["list"]): str(row["status"]) for row in rows}
        for name, word in parcel.statuses.items():
            self._set_status(id, self.parts.list_id(name), word, has)
        if list_id and list_id not in has and not parcel.opts_out:
            self._send_status(id, list_id, SUBSCRIBED)
        if parcel.opts_out:
            self._opt_out(id, has, list_id)
        elif parcel.opts_out is False and is_opted_out(has.values()):
            raise RefusedError(
                Problem("consent", "the contact unsubscribed in ActiveCampaign; only the person can take that back")
            )

    def _set_status(self, id: str, list_id: str, word: str, has: Mapping[str, str]) -> None:
        wanted, present = WORDS.get(word), has.get(list_id)
        if wanted is None or wanted == present:
            return
        if wanted == SUBSCRIBED and present in LEFT:
            raise RefusedError(
                Problem("consent", "the contact left this list in ActiveCampaign; only the person can take that back")
            )
        self._send_status(id, list_id, wanted)

    def _opt_out(self, id: str, has: Mapping[str, str], list_id: str) -> None:
        """Unsubscribe from every list; somebody on none is noted on one, so that nobody else subscribes them."""
        lists = [each for each, status in has.items() if status not in LEFT]
        if not has:
            lists = [list_id] if list_id else sorted(self.parts.lists(), key=int)[:1]
        for each in lists:
            self._send_status(id, each, UNSUBSCRIBED)

    def _send_status(self, id: str, list_id: str, status: str) -> None:
        body = {"contactList": {"list": list_id, "contact": id, "status": int(status)}}
        accepted(self.calls.send("POST", "contactLists", "write", is_safe=True, json=body))

    # -- account

    def _account_of(self, given: Mapping[str, str | None]) -> str | None:
        name = given.get("account_name")
        return self.parts.account_id(name) if name else given.get("account")

    def _set_account(self, id: str, account: str | None, is_new: bool) -> None:
        has = None if is_new else next(iter(self._related(id, "accountContacts")), None)
        if has is not None and (account is None or str(has["account"]) != account):
            accepted(self.calls.send("DELETE", f"accountContacts/{has['id']}", "write"))
        if account is not None and (has is None or str(has["account"]) != account):
            body = {"accountContact": {"contact": id, "account": account}}
            accepted(self.calls.send("POST", "accountContacts", "write", is_safe=True, json=body))

    def _related(self, id: str, kind: str) -> list[Row]:
        return list(read(accepted(self.calls.send("GET", f"contacts/{id}/{kind}", "read")), kind)[kind])
