"""What every call goes through: key, plan, verbs, content types, allowance per minute."""

import base64

import pytest
import requests


def test_account_and_me_name_the_account(call):
    account = call.ok("GET", "/account")
    me = call.ok("GET", "/agents/me")
    assert account["account_domain"] == "nordwerk.freshdesk.com"
    assert account["contact_person"]["email"] == me["contact"]["email"]
    assert call.ok("GET", f"/agents/{me['id']}") == me
    assert me in call.ok("GET", "/agents")


@pytest.mark.parametrize(
    "authorization",
    [None, "Basic !!!", "Bearer sandbox-freshdesk-key", "Basic " + base64.b64encode(b"wrong:X").decode()],
)
def test_wrong_keys_get_401(desk, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    answer = requests.get(f"{desk.url}/api/v2/contacts", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


def test_key_can_change(call, desk):
    desk.switches(api_key="other")
    assert call("GET", "/contacts").status_code == 401
    call.session.auth = ("other", "anything")
    assert call("GET", "/contacts").status_code == 200


@pytest.mark.parametrize(
    ("switch", "code"), [({"account_suspended": True}, "account_suspended"), ({"api_in_plan": False}, "require_feature")]
)
def test_suspended_accounts_and_plans_without_api(call, desk, switch, code):
    desk.switches(**switch)
    flat = call("GET", "/account")
    assert (flat.status_code, flat.json()["code"]) == (403, code)
    desk.switches(nested_403=True)
    nested = call("GET", "/account").json()
    assert (nested["description"], nested["errors"][0]["code"]) == ("Access denied", code)


@pytest.mark.parametrize("path", ["/contacts/1", "/contacts/abc", "/companies/1", "/contactz", "/contact_fields/1", "/agents/1"])
def test_unknown_ids_and_paths_get_an_empty_404(call, path):
    answer = call("GET", path)
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/contacts"), ("POST", "/contacts/1"), ("PATCH", "/companies/1")])
def test_wrong_verbs_get_405(call, method, path):
    answer = call(method, path, {})
    assert answer.status_code == 405
    assert method not in answer.headers["Allow"]


def test_content_types(call):
    assert call("GET", "/contacts", headers={"Accept": "text/html"}).status_code == 406
    assert call("GET", "/contacts", headers={"Accept": "text/html, application/json;q=0.9"}).status_code == 200
    assert call("POST", "/contacts", data="name=A", headers={"Content-Type": "text/plain"}).status_code == 415
    assert (
        call("POST", "/contacts", data="name=A", headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code == 415
    )


@pytest.mark.parametrize("body", ["{", "[]", '"text"', b"\xff"])
def test_broken_json_gets_400(call, body):
    answer = call("POST", "/contacts", data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_every_answer_carries_the_allowance(call):
    for path, remaining in (("/contacts", "1999"), ("/contacts/1", "1998"), ("/contacts?per_page=0", "1997")):
        headers = call("GET", path).headers
        assert headers["X-RateLimit-Total"] == "2000"
        assert headers["x-ratelimit-remaining"] == remaining
        assert headers["X-Ratelimit-Used-CurrentRequest"] == "1"
        assert headers["X-Freshdesk-Api-Version"] == "latest=v2; requested=v2"
        assert "Retry-After" not in headers


def test_allowance_ends_with_429_and_comes_back_with_the_next_minute(call, desk):
    desk.switches(plan="trial")
    codes = [call("GET", "/contacts").status_code for _ in range(51)]
    assert codes == [200] * 50 + [429]
    refused = call("POST", "/contacts", {"name": "A", "phone": "1"})
    assert refused.status_code == 429
    assert refused.headers["X-Ratelimit-Remaining"] == "0"
    wait = int(refused.headers["Retry-After"])
    assert 50 <= wait <= 60
    desk.clock(wait)
    assert call("GET", "/contacts").json() == []


def test_lists_of_contacts_have_a_smaller_allowance(call, desk):
    desk.switches(plan="growth")
    assert {call("GET", "/contacts").status_code for _ in range(20)} == {200}
    refused = call("GET", "/contacts?page=2")
    assert (refused.status_code, refused.headers["X-Ratelimit-Remaining"]) == (429, "180")
    assert call("GET", "/contacts/1").status_code == 404
    assert call("GET", "/companies").status_code == 200


def test_allowance_can_be_switched_off(call, desk):
    desk.switches(plan="trial", rate_limit=False)
    assert {call("GET", "/contacts").status_code for _ in range(60)} == {200}
